//! `cluster up|down|status`: a real control plane on loopback.
//!
//! kube-apiserver, controller manager, scheduler, etcd, kubectl and kwok are built with Go into one binary
//! (`tests/cluster/main.go`) that is kept in a cache folder outside the checkout and keyed by its sources.
//! One simulated node makes pods ready. State lives in the cache folder and goes with `down`.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

const VERSION: &str = "v1.35.4";
const TOKEN: &str = "admin-of-a-loopback-cluster";
const READY_WITHIN: Duration = Duration::from_mins(2);

pub(crate) fn run(root: &Path, args: &[String]) -> Result<()> {
    let cluster = Cluster::new(root)?;
    match args.first().map(String::as_str) {
        // What is half up is no cluster: its programs go, its logs stay.
        Some("up") => cluster.up().inspect_err(|_| cluster.stop()),
        Some("down") => cluster.down(),
        Some("status") => cluster.status(),
        Some("build") => cluster.build().map(|_| ()),
        _ => bail!("usage: cargo xtask cluster up|down|status"),
    }
}

struct Cluster {
    sources: PathBuf,
    cache: PathBuf,
    state: PathBuf,
}

impl Cluster {
    fn new(root: &Path) -> Result<Self> {
        let cache = match std::env::var("FLUX_CLUSTER_CACHE") {
            Ok(given) => PathBuf::from(given),
            Err(_) => PathBuf::from(std::env::var("HOME").context("HOME is not set")?)
                .join(".cache/flux-ci/cluster"),
        };
        Ok(Self {
            sources: root.join("tests/cluster"),
            state: cache.join("state"),
            cache,
        })
    }

    fn kubeconfig(&self) -> PathBuf {
        self.state.join("kubeconfig")
    }

    /// Builds the binary unless one of the same sources is there.
    fn build(&self) -> Result<PathBuf> {
        let mut hasher = DefaultHasher::new();
        for file in ["main.go", "go.mod", "go.sum"] {
            std::fs::read(self.sources.join(file))?.hash(&mut hasher);
        }
        let binary = self
            .cache
            .join(format!("control-plane-{:016x}", hasher.finish()));
        if !binary.is_file() {
            std::fs::create_dir_all(&self.cache)?;
            println!("cluster: building the control plane {VERSION}");
            let fresh = binary.with_extension("new");
            let names = [
                "k8s.io/component-base/version",
                "k8s.io/client-go/pkg/version",
            ];
            let stamps: Vec<String> = names
                .iter()
                .map(|name| {
                    format!(
                        "-X {name}.gitVersion={VERSION} -X {name}.gitMajor=1 -X {name}.gitMinor=35"
                    )
                })
                .collect();
            let status = Command::new("go")
                .current_dir(&self.sources)
                .env("CGO_ENABLED", "0")
                .args([
                    "build",
                    "-trimpath",
                    "-ldflags",
                    &format!("-s -w {}", stamps.join(" ")),
                    "-o",
                ])
                .args([fresh.as_os_str(), ".".as_ref()])
                .status()
                .context("run go; the real control plane needs it")?;
            if !status.success() {
                bail!("go build of tests/cluster failed");
            }
            std::fs::rename(&fresh, &binary)?;
        }
        self.link(&binary)?;
        Ok(binary)
    }

    fn link(&self, binary: &Path) -> Result<()> {
        let folder = self.cache.join("bin");
        std::fs::create_dir_all(&folder)?;
        for name in PROGRAMS {
            let link = folder.join(name);
            if std::fs::read_link(&link).ok().as_deref() != Some(binary) {
                let _ = std::fs::remove_file(&link);
                std::os::unix::fs::symlink(binary, &link)?;
            }
        }
        Ok(())
    }

    fn up(&self) -> Result<()> {
        self.build()?;
        if self.answers() {
            println!("{}", self.kubeconfig().display());
            return Ok(());
        }
        self.down()?;
        let state = &self.state;
        std::fs::create_dir_all(state)?;
        let ports = free_ports(5)?;
        self.prepare(ports[2])?;
        let etcd = format!("http://127.0.0.1:{}", ports[0]);
        let peer = format!("http://127.0.0.1:{}", ports[1]);
        self.start(
            "etcd",
            &[
                format!("--data-dir={}", state.join("etcd").display()),
                format!("--listen-client-urls={etcd}"),
                format!("--advertise-client-urls={etcd}"),
                format!("--listen-peer-urls={peer}"),
                format!("--initial-advertise-peer-urls={peer}"),
                format!("--initial-cluster=default={peer}"),
                "--unsafe-no-fsync".to_owned(),
            ],
        )?;
        self.start_apiserver(&etcd, ports[2])?;
        self.wait("the API server", || self.answers())?;
        self.start_controllers(ports[3], ports[4])?;
        self.start_node()?;
        println!("{}", self.kubeconfig().display());
        Ok(())
    }

    fn prepare(&self, port: u16) -> Result<()> {
        let state = &self.state;
        std::fs::write(
            state.join("tokens.csv"),
            format!("{TOKEN},admin,admin,system:masters\n"),
        )?;
        let key = state.join("sa.key");
        let made = Command::new(self.cache.join("bin/key"))
            .arg(&key)
            .status()?;
        if !made.success() {
            bail!("no key for ServiceAccount tokens");
        }
        let authority = state.join("apiserver.crt");
        let kubeconfig = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: real\nclusters:\n- name: real\n  cluster:\n    \
             server: https://127.0.0.1:{port}\n    certificate-authority: {}\nusers:\n- name: admin\n  user:\n    \
             token: {TOKEN}\ncontexts:\n- name: real\n  context:\n    cluster: real\n    user: admin\n",
            authority.display()
        );
        std::fs::write(self.kubeconfig(), kubeconfig)?;
        Ok(())
    }

    fn start_apiserver(&self, etcd: &str, port: u16) -> Result<()> {
        let key = self.state.join("sa.key").display().to_string();
        self.start(
            "kube-apiserver",
            &[
                format!("--etcd-servers={etcd}"),
                format!("--cert-dir={}", self.state.display()),
                "--bind-address=127.0.0.1".to_owned(),
                format!("--secure-port={port}"),
                format!(
                    "--token-auth-file={}",
                    self.state.join("tokens.csv").display()
                ),
                "--authorization-mode=RBAC".to_owned(),
                format!("--service-account-key-file={key}"),
                format!("--service-account-signing-key-file={key}"),
                "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
                "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
                "--allow-privileged=true".to_owned(),
                "--endpoint-reconciler-type=none".to_owned(),
            ],
        )
    }

    fn start_controllers(&self, manager: u16, scheduler: u16) -> Result<()> {
        let kubeconfig = self.kubeconfig().display().to_string();
        self.start(
            "kube-controller-manager",
            &[
                format!("--kubeconfig={kubeconfig}"),
                format!("--secure-port={manager}"),
                "--bind-address=127.0.0.1".to_owned(),
                format!("--cert-dir={}", self.state.join("manager").display()),
                format!(
                    "--service-account-private-key-file={}",
                    self.state.join("sa.key").display()
                ),
                format!(
                    "--root-ca-file={}",
                    self.state.join("apiserver.crt").display()
                ),
                "--use-service-account-credentials=true".to_owned(),
                "--leader-elect=false".to_owned(),
                "--kube-api-qps=500".to_owned(),
                "--kube-api-burst=1000".to_owned(),
            ],
        )?;
        self.start(
            "kube-scheduler",
            &[
                format!("--kubeconfig={kubeconfig}"),
                format!("--secure-port={scheduler}"),
                "--bind-address=127.0.0.1".to_owned(),
                format!("--cert-dir={}", self.state.join("scheduler").display()),
                "--leader-elect=false".to_owned(),
            ],
        )
    }

    fn start_node(&self) -> Result<()> {
        self.start(
            "kwok",
            &[
                format!("--kubeconfig={}", self.kubeconfig().display()),
                "--manage-all-nodes=true".to_owned(),
                "--node-lease-duration-seconds=40".to_owned(),
                format!("--config={}", self.sources.join("stages.yaml").display()),
            ],
        )?;
        let node = self.sources.join("node.yaml");
        self.wait("the simulated node", || {
            self.kubectl(&["apply", "--server-side", "-f", &node.display().to_string()])
        })?;
        self.wait("the node to be ready", || {
            self.kubectl(&[
                "wait",
                "--for=condition=Ready",
                "node/simulated",
                "--timeout=2s",
            ])
        })
    }

    fn start(&self, program: &str, args: &[String]) -> Result<()> {
        let log = std::fs::File::create(self.state.join(format!("{program}.log")))?;
        let child = Command::new(self.cache.join("bin").join(program))
            .args(args)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .with_context(|| format!("start {program}"))?;
        std::fs::write(
            self.state.join(format!("{program}.pid")),
            child.id().to_string(),
        )?;
        Ok(())
    }

    fn wait(&self, what: &str, ready: impl Fn() -> bool) -> Result<()> {
        let start = Instant::now();
        while !ready() {
            if start.elapsed() > READY_WITHIN {
                bail!(
                    "{what} was not ready in time; logs are in {}",
                    self.state.display()
                );
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Ok(())
    }

    fn answers(&self) -> bool {
        self.kubeconfig().is_file() && self.kubectl(&["get", "--raw", "/readyz"])
    }

    fn kubectl(&self, args: &[&str]) -> bool {
        Command::new(self.cache.join("bin/kubectl"))
            .env("KUBECONFIG", self.kubeconfig())
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    fn stop(&self) {
        for program in PROGRAMS.iter().rev() {
            let file = self.state.join(format!("{program}.pid"));
            if let Ok(pid) = std::fs::read_to_string(&file) {
                // The name is compared, so that a recycled number is left alone.
                let name =
                    std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                if name.contains(program) {
                    let _ = Command::new("kill").args(["-9", &pid]).status();
                }
            }
        }
    }

    fn down(&self) -> Result<()> {
        self.stop();
        if self.state.exists() {
            std::fs::remove_dir_all(&self.state)?;
        }
        Ok(())
    }

    fn status(&self) -> Result<()> {
        if !self.answers() {
            bail!("the cluster is down; `cargo xtask cluster up` starts it");
        }
        println!("up: {}", self.kubeconfig().display());
        Ok(())
    }
}

/// The names that the one binary answers to; started in this order.
const PROGRAMS: &[&str] = &[
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok",
    "kubectl",
    "key",
];

fn free_ports(count: usize) -> Result<Vec<u16>> {
    let held: Vec<TcpListener> = (0..count)
        .map(|_| TcpListener::bind("127.0.0.1:0"))
        .collect::<Result<_, _>>()?;
    held.iter()
        .map(|listener| Ok(listener.local_addr()?.port()))
        .collect()
}
