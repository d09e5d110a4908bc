//! Bearer tokens: fixed ones, and those issued for service accounts.

use std::collections::{BTreeMap, HashMap};
use std::sync::{PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::clock;
use crate::options::StaticUser;

/// An authenticated user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) groups: Vec<String>,
    pub(crate) extra: BTreeMap<String, Vec<String>>,
}

impl User {
    pub(crate) fn new(name: &str, groups: &[&str]) -> Self {
        let mut user = Self {
            name: name.to_owned(),
            groups: groups.iter().map(|g| (*g).to_owned()).collect(),
            ..Self::default()
        };
        if let Some((namespace, _)) = split_service_account(name) {
            user.groups.extend(service_account_groups(namespace));
        }
        user.close();
        user
    }

    pub(crate) fn anonymous() -> Self {
        Self {
            name: "system:anonymous".to_owned(),
            groups: vec!["system:unauthenticated".to_owned()],
            ..Self::default()
        }
    }

    /// Adds the group of all authenticated users.
    pub(crate) fn close(&mut self) {
        let all = "system:authenticated";
        if self.name != "system:anonymous" && !self.groups.iter().any(|g| g == all) {
            self.groups.push(all.to_owned());
        }
    }

    pub(crate) fn is_master(&self) -> bool {
        self.groups.iter().any(|g| g == "system:masters")
    }
}

/// Namespace and name of a service account's user name.
pub(crate) fn split_service_account(user: &str) -> Option<(&str, &str)> {
    user.strip_prefix("system:serviceaccount:")?.split_once(':')
}

/// The groups every service account of a namespace is in.
pub(crate) fn service_account_groups(namespace: &str) -> [String; 2] {
    [
        "system:serviceaccounts".to_owned(),
        format!("system:serviceaccounts:{namespace}"),
    ]
}

#[derive(Clone, Debug)]
struct Grant {
    user: User,
    /// Seconds since 1970, for tokens that end.
    expires: Option<i64>,
    audiences: Vec<String>,
}

/// All tokens that are good.
#[derive(Debug, Default)]
pub(crate) struct Tokens(RwLock<HashMap<String, Grant>>);

/// The audience of tokens for the server itself.
pub(crate) const AUDIENCE: &str = "https://kubernetes.default.svc.cluster.local";

/// What a token is issued for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Issue<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    pub(crate) uid: &'a str,
    pub(crate) seconds: i64,
    pub(crate) audiences: &'a [String],
}

impl Tokens {
    pub(crate) fn new(users: &[StaticUser]) -> Self {
        let tokens = Self::default();
        for user in users {
            let groups: Vec<&str> = user.groups.iter().map(String::as_str).collect();
            tokens.insert(&user.token, User::new(&user.name, &groups));
        }
        tokens
    }

    fn insert(&self, token: &str, user: User) {
        let grant = Grant {
            user,
            expires: None,
            audiences: vec![AUDIENCE.to_owned()],
        };
        let mut map = self.0.write().unwrap_or_else(PoisonError::into_inner);
        map.insert(token.to_owned(), grant);
    }

    /// A token of a user without end, made on first use.
    pub(crate) fn for_user(&self, user: &User) -> String {
        let map = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let known = map
            .iter()
            .find(|(_, g)| g.expires.is_none() && g.user == *user);
        if let Some((token, _)) = known {
            return token.clone();
        }
        drop(map);
        let token = clock::secret();
        self.insert(&token, user.clone());
        token
    }

    /// A JSON web token for a service account, with the claims clients look at.
    pub(crate) fn issue(&self, issue: &Issue<'_>) -> String {
        let now = clock::unix();
        let header = json!({"alg": "RS256", "kid": "local"});
        let audiences = if issue.audiences.is_empty() {
            vec![AUDIENCE.to_owned()]
        } else {
            issue.audiences.to_vec()
        };
        let user = format!("system:serviceaccount:{}:{}", issue.namespace, issue.name);
        let id = clock::uid();
        let claims = json!({
            "aud": audiences, "exp": now + issue.seconds, "iat": now, "nbf": now, "jti": id,
            "iss": AUDIENCE, "sub": user,
            "kubernetes.io": {
                "namespace": issue.namespace,
                "serviceaccount": {"name": issue.name, "uid": issue.uid},
            },
        });
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        // The server looks tokens up and never checks a signature, so that part is random.
        let token = format!(
            "{}.{}.{}",
            part(header.to_string().as_bytes()),
            part(claims.to_string().as_bytes()),
            part(clock::secret().as_bytes())
        );
        let mut user = User::new(&user, &[]);
        issue.uid.clone_into(&mut user.uid);
        user.extra.insert(
            "authentication.kubernetes.io/credential-id".to_owned(),
            vec![format!("JTI={id}")],
        );
        let grant = Grant {
            user,
            expires: Some(now + issue.seconds),
            audiences,
        };
        let mut map = self.0.write().unwrap_or_else(PoisonError::into_inner);
        map.retain(|_, g| g.expires.is_none_or(|at| at > now));
        map.insert(token.clone(), grant);
        token
    }

    /// The user of a token, if it is good now.
    pub(crate) fn user(&self, token: &str) -> Option<User> {
        self.review(token)
            .filter(|(_, a)| a.iter().any(|a| a == AUDIENCE))
            .map(|(user, _)| user)
    }

    /// The user and the audiences of a token, if it is good now.
    pub(crate) fn review(&self, token: &str) -> Option<(User, Vec<String>)> {
        let map = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let grant = map.get(token)?;
        if grant.expires.is_some_and(|at| at <= clock::unix()) {
            return None;
        }
        Some((grant.user.clone(), grant.audiences.clone()))
    }

    /// Ends the tokens of a service account that was deleted.
    pub(crate) fn revoke(&self, uid: &str) {
        let mut map = self.0.write().unwrap_or_else(PoisonError::into_inner);
        map.retain(|_, g| g.user.uid.is_empty() || g.user.uid != uid);
    }
}
