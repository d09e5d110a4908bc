//! Which lists of the built-in kinds are merged by key, and by which keys.
//!
//! Facts of the Kubernetes 1.21.2 API that kustomize 5.8 carries, reduced to the types that lead to such a list.

/// A field of a type.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    /// Index of the type of the field or of its items; [`NONE`] where nothing below is merged by key.
    pub(crate) def: u16,
    /// The field is a list that is merged.
    pub(crate) merge: bool,
    /// Keys of the list; empty where it holds plain values.
    pub(crate) keys: &'static [&'static str],
}

pub(crate) const NONE: u16 = u16::MAX;

/// API version, kind, type; sorted.
pub(crate) static TYPES: &[(&str, &str, u16)] = &[
    (
        "admissionregistration.k8s.io/v1",
        "MutatingWebhookConfiguration",
        0,
    ),
    (
        "admissionregistration.k8s.io/v1",
        "MutatingWebhookConfigurationList",
        1,
    ),
    (
        "admissionregistration.k8s.io/v1",
        "ValidatingWebhookConfiguration",
        2,
    ),
    (
        "admissionregistration.k8s.io/v1",
        "ValidatingWebhookConfigurationList",
        3,
    ),
    (
        "admissionregistration.k8s.io/v1beta1",
        "MutatingWebhookConfiguration",
        4,
    ),
    (
        "admissionregistration.k8s.io/v1beta1",
        "MutatingWebhookConfigurationList",
        5,
    ),
    (
        "admissionregistration.k8s.io/v1beta1",
        "ValidatingWebhookConfiguration",
        6,
    ),
    (
        "admissionregistration.k8s.io/v1beta1",
        "ValidatingWebhookConfigurationList",
        7,
    ),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition", 190),
    (
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinitionList",
        191,
    ),
    (
        "apiextensions.k8s.io/v1beta1",
        "CustomResourceDefinition",
        192,
    ),
    (
        "apiextensions.k8s.io/v1beta1",
        "CustomResourceDefinitionList",
        193,
    ),
    ("apiregistration.k8s.io/v1", "APIService", 195),
    ("apiregistration.k8s.io/v1", "APIServiceList", 196),
    ("apiregistration.k8s.io/v1beta1", "APIService", 198),
    ("apiregistration.k8s.io/v1beta1", "APIServiceList", 199),
    ("apps/v1", "ControllerRevision", 8),
    ("apps/v1", "ControllerRevisionList", 9),
    ("apps/v1", "DaemonSet", 10),
    ("apps/v1", "DaemonSetList", 11),
    ("apps/v1", "Deployment", 14),
    ("apps/v1", "DeploymentList", 15),
    ("apps/v1", "ReplicaSet", 18),
    ("apps/v1", "ReplicaSetList", 19),
    ("apps/v1", "StatefulSet", 22),
    ("apps/v1", "StatefulSetList", 23),
    ("authentication.k8s.io/v1", "TokenRequest", 26),
    ("authentication.k8s.io/v1", "TokenReview", 27),
    ("authentication.k8s.io/v1beta1", "TokenReview", 28),
    ("authorization.k8s.io/v1", "LocalSubjectAccessReview", 29),
    ("authorization.k8s.io/v1", "SelfSubjectAccessReview", 30),
    ("authorization.k8s.io/v1", "SelfSubjectRulesReview", 31),
    ("authorization.k8s.io/v1", "SubjectAccessReview", 32),
    (
        "authorization.k8s.io/v1beta1",
        "LocalSubjectAccessReview",
        33,
    ),
    (
        "authorization.k8s.io/v1beta1",
        "SelfSubjectAccessReview",
        34,
    ),
    ("authorization.k8s.io/v1beta1", "SelfSubjectRulesReview", 35),
    ("authorization.k8s.io/v1beta1", "SubjectAccessReview", 36),
    ("autoscaling/v1", "HorizontalPodAutoscaler", 37),
    ("autoscaling/v1", "HorizontalPodAutoscalerList", 38),
    ("autoscaling/v1", "Scale", 39),
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler", 40),
    ("autoscaling/v2beta1", "HorizontalPodAutoscalerList", 41),
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler", 42),
    ("autoscaling/v2beta2", "HorizontalPodAutoscalerList", 43),
    ("batch/v1", "CronJob", 44),
    ("batch/v1", "CronJobList", 45),
    ("batch/v1", "Job", 47),
    ("batch/v1", "JobList", 48),
    ("batch/v1beta1", "CronJob", 52),
    ("batch/v1beta1", "CronJobList", 53),
    ("certificates.k8s.io/v1", "CertificateSigningRequest", 56),
    (
        "certificates.k8s.io/v1",
        "CertificateSigningRequestList",
        57,
    ),
    (
        "certificates.k8s.io/v1beta1",
        "CertificateSigningRequest",
        58,
    ),
    (
        "certificates.k8s.io/v1beta1",
        "CertificateSigningRequestList",
        59,
    ),
    ("coordination.k8s.io/v1", "Lease", 60),
    ("coordination.k8s.io/v1", "LeaseList", 61),
    ("coordination.k8s.io/v1beta1", "Lease", 62),
    ("coordination.k8s.io/v1beta1", "LeaseList", 63),
    ("discovery.k8s.io/v1", "EndpointSlice", 113),
    ("discovery.k8s.io/v1", "EndpointSliceList", 114),
    ("discovery.k8s.io/v1beta1", "EndpointSlice", 115),
    ("discovery.k8s.io/v1beta1", "EndpointSliceList", 116),
    ("events.k8s.io/v1", "Event", 117),
    ("events.k8s.io/v1", "EventList", 118),
    ("events.k8s.io/v1beta1", "Event", 119),
    ("events.k8s.io/v1beta1", "EventList", 120),
    ("extensions/v1beta1", "Ingress", 121),
    ("extensions/v1beta1", "IngressList", 122),
    ("flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema", 123),
    (
        "flowcontrol.apiserver.k8s.io/v1beta1",
        "FlowSchemaList",
        124,
    ),
    (
        "flowcontrol.apiserver.k8s.io/v1beta1",
        "PriorityLevelConfiguration",
        125,
    ),
    (
        "flowcontrol.apiserver.k8s.io/v1beta1",
        "PriorityLevelConfigurationList",
        126,
    ),
    ("networking.k8s.io/v1", "Ingress", 127),
    ("networking.k8s.io/v1", "IngressClass", 128),
    ("networking.k8s.io/v1", "IngressClassList", 129),
    ("networking.k8s.io/v1", "IngressList", 130),
    ("networking.k8s.io/v1", "NetworkPolicy", 131),
    ("networking.k8s.io/v1", "NetworkPolicyList", 132),
    ("networking.k8s.io/v1beta1", "Ingress", 133),
    ("networking.k8s.io/v1beta1", "IngressClass", 134),
    ("networking.k8s.io/v1beta1", "IngressClassList", 135),
    ("networking.k8s.io/v1beta1", "IngressList", 136),
    ("node.k8s.io/v1", "RuntimeClass", 137),
    ("node.k8s.io/v1", "RuntimeClassList", 138),
    ("node.k8s.io/v1beta1", "RuntimeClass", 139),
    ("node.k8s.io/v1beta1", "RuntimeClassList", 140),
    ("policy/v1", "PodDisruptionBudget", 141),
    ("policy/v1", "PodDisruptionBudgetList", 142),
    ("policy/v1beta1", "Eviction", 144),
    ("policy/v1beta1", "PodDisruptionBudget", 145),
    ("policy/v1beta1", "PodDisruptionBudgetList", 146),
    ("policy/v1beta1", "PodSecurityPolicy", 148),
    ("policy/v1beta1", "PodSecurityPolicyList", 149),
    ("rbac.authorization.k8s.io/v1", "ClusterRole", 150),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", 151),
    (
        "rbac.authorization.k8s.io/v1",
        "ClusterRoleBindingList",
        152,
    ),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleList", 153),
    ("rbac.authorization.k8s.io/v1", "Role", 154),
    ("rbac.authorization.k8s.io/v1", "RoleBinding", 155),
    ("rbac.authorization.k8s.io/v1", "RoleBindingList", 156),
    ("rbac.authorization.k8s.io/v1", "RoleList", 157),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRole", 158),
    (
        "rbac.authorization.k8s.io/v1beta1",
        "ClusterRoleBinding",
        159,
    ),
    (
        "rbac.authorization.k8s.io/v1beta1",
        "ClusterRoleBindingList",
        160,
    ),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRoleList", 161),
    ("rbac.authorization.k8s.io/v1beta1", "Role", 162),
    ("rbac.authorization.k8s.io/v1beta1", "RoleBinding", 163),
    ("rbac.authorization.k8s.io/v1beta1", "RoleBindingList", 164),
    ("rbac.authorization.k8s.io/v1beta1", "RoleList", 165),
    ("scheduling.k8s.io/v1", "PriorityClass", 166),
    ("scheduling.k8s.io/v1", "PriorityClassList", 167),
    ("scheduling.k8s.io/v1beta1", "PriorityClass", 168),
    ("scheduling.k8s.io/v1beta1", "PriorityClassList", 169),
    ("storage.k8s.io/v1", "CSIDriver", 170),
    ("storage.k8s.io/v1", "CSIDriverList", 171),
    ("storage.k8s.io/v1", "CSINode", 172),
    ("storage.k8s.io/v1", "CSINodeList", 173),
    ("storage.k8s.io/v1", "StorageClass", 175),
    ("storage.k8s.io/v1", "StorageClassList", 176),
    ("storage.k8s.io/v1", "VolumeAttachment", 177),
    ("storage.k8s.io/v1", "VolumeAttachmentList", 178),
    ("storage.k8s.io/v1beta1", "CSIDriver", 179),
    ("storage.k8s.io/v1beta1", "CSIDriverList", 180),
    ("storage.k8s.io/v1beta1", "CSINode", 181),
    ("storage.k8s.io/v1beta1", "CSINodeList", 182),
    ("storage.k8s.io/v1beta1", "CSIStorageCapacity", 184),
    ("storage.k8s.io/v1beta1", "CSIStorageCapacityList", 185),
    ("storage.k8s.io/v1beta1", "StorageClass", 186),
    ("storage.k8s.io/v1beta1", "StorageClassList", 187),
    ("storage.k8s.io/v1beta1", "VolumeAttachment", 188),
    ("storage.k8s.io/v1beta1", "VolumeAttachmentList", 189),
    ("v1", "Binding", 64),
    ("v1", "ComponentStatus", 65),
    ("v1", "ComponentStatusList", 66),
    ("v1", "ConfigMap", 67),
    ("v1", "ConfigMapList", 68),
    ("v1", "Endpoints", 70),
    ("v1", "EndpointsList", 71),
    ("v1", "Event", 74),
    ("v1", "EventList", 75),
    ("v1", "LimitRange", 76),
    ("v1", "LimitRangeList", 77),
    ("v1", "Namespace", 78),
    ("v1", "NamespaceList", 79),
    ("v1", "Node", 81),
    ("v1", "NodeList", 82),
    ("v1", "PersistentVolume", 85),
    ("v1", "PersistentVolumeClaim", 86),
    ("v1", "PersistentVolumeClaimList", 87),
    ("v1", "PersistentVolumeList", 90),
    ("v1", "Pod", 91),
    ("v1", "PodList", 92),
    ("v1", "PodTemplate", 95),
    ("v1", "PodTemplateList", 96),
    ("v1", "ReplicationController", 98),
    ("v1", "ReplicationControllerList", 99),
    ("v1", "ResourceQuota", 102),
    ("v1", "ResourceQuotaList", 103),
    ("v1", "Secret", 104),
    ("v1", "SecretList", 105),
    ("v1", "Service", 106),
    ("v1", "ServiceAccount", 107),
    ("v1", "ServiceAccountList", 108),
    ("v1", "ServiceList", 109),
];

/// The types; fields sorted by name.
pub(crate) static DEFS: &[&[Field]] = &[
    // MutatingWebhookConfiguration
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "webhooks",
            def: NONE,
            merge: true,
            keys: &["name"],
        },
    ],
    // MutatingWebhookConfigurationList
    &[Field {
        name: "items",
        def: 0,
        merge: false,
        keys: &[],
    }],
    // ValidatingWebhookConfiguration
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "webhooks",
            def: NONE,
            merge: true,
            keys: &["name"],
        },
    ],
    // ValidatingWebhookConfigurationList
    &[Field {
        name: "items",
        def: 2,
        merge: false,
        keys: &[],
    }],
    // MutatingWebhookConfiguration
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "webhooks",
            def: NONE,
            merge: true,
            keys: &["name"],
        },
    ],
    // MutatingWebhookConfigurationList
    &[Field {
        name: "items",
        def: 4,
        merge: false,
        keys: &[],
    }],
    // ValidatingWebhookConfiguration
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "webhooks",
            def: NONE,
            merge: true,
            keys: &["name"],
        },
    ],
    // ValidatingWebhookConfigurationList
    &[Field {
        name: "items",
        def: 6,
        merge: false,
        keys: &[],
    }],
    // ControllerRevision
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // ControllerRevisionList
    &[Field {
        name: "items",
        def: 8,
        merge: false,
        keys: &[],
    }],
    // DaemonSet
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "spec",
            def: 12,
            merge: false,
            keys: &[],
        },
        Field {
            name: "status",
            def: 13,
            merge: false,
            keys: &[],
        },
    ],
    // DaemonSetList
    &[Field {
        name: "items",
        def: 10,
        merge: false,
        keys: &[],
    }],
    // DaemonSetSpec
    &[Field {
        name: "template",
        def: 97,
        merge: false,
        keys: &[],
    }],
    // DaemonSetStatus
    &[Field {
        name: "conditions",
        def: NONE,
        merge: true,
        keys: &["type"],
    }],
    // Deployment
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "spec",
            def: 16,
            merge: false,
            keys: &[],
        },
        Field {
            name: "status",
            def: 17,
            merge: false,
            keys: &[],
        },
    ],
    // DeploymentList
    &[Field {
        name: "items",
        def: 14,
        merge: false,
        keys: &[],
    }],
    // DeploymentSpec
    &[Field {
        name: "template",
        def: 97,
        merge: false,
        keys: &[],
    }],
    // DeploymentStatus
    &[Field {
        name: "conditions",
        def: NONE,
        merge: true,
        keys: &["type"],
    }],
    // ReplicaSet
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "spec",
            def: 20,
            merge: false,
            keys: &[],
        },
        Field {
            name: "status",
            def: 21,
            merge: false,
            keys: &[],
        },
    ],
    // ReplicaSetList
    &[Field {
        name: "items",
        def: 18,
        merge: false,
        keys: &[],
    }],
    // ReplicaSetSpec
    &[Field {
        name: "template",
        def: 97,
        merge: false,
        keys: &[],
    }],
    // ReplicaSetStatus
    &[Field {
        name: "conditions",
        def: NONE,
        merge: true,
        keys: &["type"],
    }],
    // StatefulSet
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "spec",
            def: 24,
            merge: false,
            keys: &[],
        },
        Field {
            name: "status",
            def: 25,
            merge: false,
            keys: &[],
        },
    ],
    // StatefulSetList
    &[Field {
        name: "items",
        def: 22,
        merge: false,
        keys: &[],
    }],
    // StatefulSetSpec
    &[
        Field {
            name: "template",
            def: 97,
            merge: false,
            keys: &[],
        },
        Field {
            name: "volumeClaimTemplates",
            def: 86,
            merge: false,
            keys: &[],
        },
    ],
    // StatefulSetStatus
    &[Field {
        name: "conditions",
        def: NONE,
        merge: true,
        keys: &["type"],
    }],
    // TokenRequest
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // TokenReview
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // TokenReview
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // LocalSubjectAccessReview
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // SelfSubjectAccessReview
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // SelfSubjectRulesReview
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // SubjectAccessReview
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // LocalSubjectAccessReview
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // SelfSubjectAccessReview
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // SelfSubjectRulesReview
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // SubjectAccessReview
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // HorizontalPodAutoscaler
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // HorizontalPodAutoscalerList
    &[Field {
        name: "items",
        def: 37,
        merge: false,
        keys: &[],
    }],
    // Scale
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // HorizontalPodAutoscaler
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // HorizontalPodAutoscalerList
    &[Field {
        name: "items",
        def: 40,
        merge: false,
        keys: &[],
    }],
    // HorizontalPodAutoscaler
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // HorizontalPodAutoscalerList
    &[Field {
        name: "items",
        def: 42,
        merge: false,
        keys: &[],
    }],
    // CronJob
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "spec",
            def: 46,
            merge: false,
            keys: &[],
        },
    ],
    // CronJobList
    &[Field {
        name: "items",
        def: 44,
        merge: false,
        keys: &[],
    }],
    // CronJobSpec
    &[Field {
        name: "jobTemplate",
        def: 51,
        merge: false,
        keys: &[],
    }],
    // Job
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "spec",
            def: 49,
            merge: false,
            keys: &[],
        },
        Field {
            name: "status",
            def: 50,
            merge: false,
            keys: &[],
        },
    ],
    // JobList
    &[Field {
        name: "items",
        def: 47,
        merge: false,
        keys: &[],
    }],
    // JobSpec
    &[Field {
        name: "template",
        def: 97,
        merge: false,
        keys: &[],
    }],
    // JobStatus
    &[Field {
        name: "conditions",
        def: NONE,
        merge: true,
        keys: &["type"],
    }],
    // JobTemplateSpec
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "spec",
            def: 49,
            merge: false,
            keys: &[],
        },
    ],
    // CronJob
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "spec",
            def: 54,
            merge: false,
            keys: &[],
        },
    ],
    // CronJobList
    &[Field {
        name: "items",
        def: 52,
        merge: false,
        keys: &[],
    }],
    // CronJobSpec
    &[Field {
        name: "jobTemplate",
        def: 55,
        merge: false,
        keys: &[],
    }],
    // JobTemplateSpec
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "spec",
            def: 49,
            merge: false,
            keys: &[],
        },
    ],
    // CertificateSigningRequest
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // CertificateSigningRequestList
    &[Field {
        name: "items",
        def: 56,
        merge: false,
        keys: &[],
    }],
    // CertificateSigningRequest
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // CertificateSigningRequestList
    &[Field {
        name: "items",
        def: 58,
        merge: false,
        keys: &[],
    }],
    // Lease
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // LeaseList
    &[Field {
        name: "items",
        def: 60,
        merge: false,
        keys: &[],
    }],
    // Lease
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // LeaseList
    &[Field {
        name: "items",
        def: 62,
        merge: false,
        keys: &[],
    }],
    // Binding
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // ComponentStatus
    &[
        Field {
            name: "conditions",
            def: NONE,
            merge: true,
            keys: &["type"],
        },
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
    ],
    // ComponentStatusList
    &[Field {
        name: "items",
        def: 65,
        merge: false,
        keys: &[],
    }],
    // ConfigMap
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // ConfigMapList
    &[Field {
        name: "items",
        def: 67,
        merge: false,
        keys: &[],
    }],
    // Container
    &[
        Field {
            name: "env",
            def: NONE,
            merge: true,
            keys: &["name"],
        },
        Field {
            name: "ports",
            def: NONE,
            merge: true,
            keys: &["containerPort", "protocol"],
        },
        Field {
            name: "volumeDevices",
            def: NONE,
            merge: true,
            keys: &["devicePath"],
        },
        Field {
            name: "volumeMounts",
            def: NONE,
            merge: true,
            keys: &["mountPath"],
        },
    ],
    // Endpoints
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // EndpointsList
    &[Field {
        name: "items",
        def: 70,
        merge: false,
        keys: &[],
    }],
    // EphemeralContainer
    &[
        Field {
            name: "env",
            def: NONE,
            merge: true,
            keys: &["name"],
        },
        Field {
            name: "volumeDevices",
            def: NONE,
            merge: true,
            keys: &["devicePath"],
        },
        Field {
            name: "volumeMounts",
            def: NONE,
            merge: true,
            keys: &["mountPath"],
        },
    ],
    // EphemeralVolumeSource
    &[Field {
        name: "volumeClaimTemplate",
        def: 89,
        merge: false,
        keys: &[],
    }],
    // Event
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // EventList
    &[Field {
        name: "items",
        def: 74,
        merge: false,
        keys: &[],
    }],
    // LimitRange
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // LimitRangeList
    &[Field {
        name: "items",
        def: 76,
        merge: false,
        keys: &[],
    }],
    // Namespace
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "status",
            def: 80,
            merge: false,
            keys: &[],
        },
    ],
    // NamespaceList
    &[Field {
        name: "items",
        def: 78,
        merge: false,
        keys: &[],
    }],
    // NamespaceStatus
    &[Field {
        name: "conditions",
        def: NONE,
        merge: true,
        keys: &["type"],
    }],
    // Node
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "spec",
            def: 83,
            merge: false,
            keys: &[],
        },
        Field {
            name: "status",
            def: 84,
            merge: false,
            keys: &[],
        },
    ],
    // NodeList
    &[Field {
        name: "items",
        def: 81,
        merge: false,
        keys: &[],
    }],
    // NodeSpec
    &[Field {
        name: "podCIDRs",
        def: NONE,
        merge: true,
        keys: &[],
    }],
    // NodeStatus
    &[
        Field {
            name: "addresses",
            def: NONE,
            merge: true,
            keys: &["type"],
        },
        Field {
            name: "conditions",
            def: NONE,
            merge: true,
            keys: &["type"],
        },
    ],
    // PersistentVolume
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // PersistentVolumeClaim
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "status",
            def: 88,
            merge: false,
            keys: &[],
        },
    ],
    // PersistentVolumeClaimList
    &[Field {
        name: "items",
        def: 86,
        merge: false,
        keys: &[],
    }],
    // PersistentVolumeClaimStatus
    &[Field {
        name: "conditions",
        def: NONE,
        merge: true,
        keys: &["type"],
    }],
    // PersistentVolumeClaimTemplate
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // PersistentVolumeList
    &[Field {
        name: "items",
        def: 85,
        merge: false,
        keys: &[],
    }],
    // Pod
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "spec",
            def: 93,
            merge: false,
            keys: &[],
        },
        Field {
            name: "status",
            def: 94,
            merge: false,
            keys: &[],
        },
    ],
    // PodList
    &[Field {
        name: "items",
        def: 91,
        merge: false,
        keys: &[],
    }],
    // PodSpec
    &[
        Field {
            name: "containers",
            def: 69,
            merge: true,
            keys: &["name"],
        },
        Field {
            name: "ephemeralContainers",
            def: 72,
            merge: true,
            keys: &["name"],
        },
        Field {
            name: "hostAliases",
            def: NONE,
            merge: true,
            keys: &["ip"],
        },
        Field {
            name: "imagePullSecrets",
            def: NONE,
            merge: true,
            keys: &["name"],
        },
        Field {
            name: "initContainers",
            def: 69,
            merge: true,
            keys: &["name"],
        },
        Field {
            name: "topologySpreadConstraints",
            def: NONE,
            merge: true,
            keys: &["topologyKey", "whenUnsatisfiable"],
        },
        Field {
            name: "volumes",
            def: 112,
            merge: true,
            keys: &["name"],
        },
    ],
    // PodStatus
    &[
        Field {
            name: "conditions",
            def: NONE,
            merge: true,
            keys: &["type"],
        },
        Field {
            name: "podIPs",
            def: NONE,
            merge: true,
            keys: &["ip"],
        },
    ],
    // PodTemplate
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "template",
            def: 97,
            merge: false,
            keys: &[],
        },
    ],
    // PodTemplateList
    &[Field {
        name: "items",
        def: 95,
        merge: false,
        keys: &[],
    }],
    // PodTemplateSpec
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "spec",
            def: 93,
            merge: false,
            keys: &[],
        },
    ],
    // ReplicationController
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "spec",
            def: 100,
            merge: false,
            keys: &[],
        },
        Field {
            name: "status",
            def: 101,
            merge: false,
            keys: &[],
        },
    ],
    // ReplicationControllerList
    &[Field {
        name: "items",
        def: 98,
        merge: false,
        keys: &[],
    }],
    // ReplicationControllerSpec
    &[Field {
        name: "template",
        def: 97,
        merge: false,
        keys: &[],
    }],
    // ReplicationControllerStatus
    &[Field {
        name: "conditions",
        def: NONE,
        merge: true,
        keys: &["type"],
    }],
    // ResourceQuota
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // ResourceQuotaList
    &[Field {
        name: "items",
        def: 102,
        merge: false,
        keys: &[],
    }],
    // Secret
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // SecretList
    &[Field {
        name: "items",
        def: 104,
        merge: false,
        keys: &[],
    }],
    // Service
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "spec",
            def: 110,
            merge: false,
            keys: &[],
        },
        Field {
            name: "status",
            def: 111,
            merge: false,
            keys: &[],
        },
    ],
    // ServiceAccount
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "secrets",
            def: NONE,
            merge: true,
            keys: &["name"],
        },
    ],
    // ServiceAccountList
    &[Field {
        name: "items",
        def: 107,
        merge: false,
        keys: &[],
    }],
    // ServiceList
    &[Field {
        name: "items",
        def: 106,
        merge: false,
        keys: &[],
    }],
    // ServiceSpec
    &[Field {
        name: "ports",
        def: NONE,
        merge: true,
        keys: &["port", "protocol"],
    }],
    // ServiceStatus
    &[Field {
        name: "conditions",
        def: NONE,
        merge: true,
        keys: &["type"],
    }],
    // Volume
    &[Field {
        name: "ephemeral",
        def: 73,
        merge: false,
        keys: &[],
    }],
    // EndpointSlice
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // EndpointSliceList
    &[Field {
        name: "items",
        def: 113,
        merge: false,
        keys: &[],
    }],
    // EndpointSlice
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // EndpointSliceList
    &[Field {
        name: "items",
        def: 115,
        merge: false,
        keys: &[],
    }],
    // Event
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // EventList
    &[Field {
        name: "items",
        def: 117,
        merge: false,
        keys: &[],
    }],
    // Event
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // EventList
    &[Field {
        name: "items",
        def: 119,
        merge: false,
        keys: &[],
    }],
    // Ingress
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // IngressList
    &[Field {
        name: "items",
        def: 121,
        merge: false,
        keys: &[],
    }],
    // FlowSchema
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // FlowSchemaList
    &[Field {
        name: "items",
        def: 123,
        merge: false,
        keys: &[],
    }],
    // PriorityLevelConfiguration
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // PriorityLevelConfigurationList
    &[Field {
        name: "items",
        def: 125,
        merge: false,
        keys: &[],
    }],
    // Ingress
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // IngressClass
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // IngressClassList
    &[Field {
        name: "items",
        def: 128,
        merge: false,
        keys: &[],
    }],
    // IngressList
    &[Field {
        name: "items",
        def: 127,
        merge: false,
        keys: &[],
    }],
    // NetworkPolicy
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // NetworkPolicyList
    &[Field {
        name: "items",
        def: 131,
        merge: false,
        keys: &[],
    }],
    // Ingress
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // IngressClass
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // IngressClassList
    &[Field {
        name: "items",
        def: 134,
        merge: false,
        keys: &[],
    }],
    // IngressList
    &[Field {
        name: "items",
        def: 133,
        merge: false,
        keys: &[],
    }],
    // RuntimeClass
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // RuntimeClassList
    &[Field {
        name: "items",
        def: 137,
        merge: false,
        keys: &[],
    }],
    // RuntimeClass
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // RuntimeClassList
    &[Field {
        name: "items",
        def: 139,
        merge: false,
        keys: &[],
    }],
    // PodDisruptionBudget
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "status",
            def: 143,
            merge: false,
            keys: &[],
        },
    ],
    // PodDisruptionBudgetList
    &[Field {
        name: "items",
        def: 141,
        merge: false,
        keys: &[],
    }],
    // PodDisruptionBudgetStatus
    &[Field {
        name: "conditions",
        def: NONE,
        merge: true,
        keys: &["type"],
    }],
    // Eviction
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // PodDisruptionBudget
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "status",
            def: 147,
            merge: false,
            keys: &[],
        },
    ],
    // PodDisruptionBudgetList
    &[Field {
        name: "items",
        def: 145,
        merge: false,
        keys: &[],
    }],
    // PodDisruptionBudgetStatus
    &[Field {
        name: "conditions",
        def: NONE,
        merge: true,
        keys: &["type"],
    }],
    // PodSecurityPolicy
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // PodSecurityPolicyList
    &[Field {
        name: "items",
        def: 148,
        merge: false,
        keys: &[],
    }],
    // ClusterRole
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // ClusterRoleBinding
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // ClusterRoleBindingList
    &[Field {
        name: "items",
        def: 151,
        merge: false,
        keys: &[],
    }],
    // ClusterRoleList
    &[Field {
        name: "items",
        def: 150,
        merge: false,
        keys: &[],
    }],
    // Role
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // RoleBinding
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // RoleBindingList
    &[Field {
        name: "items",
        def: 155,
        merge: false,
        keys: &[],
    }],
    // RoleList
    &[Field {
        name: "items",
        def: 154,
        merge: false,
        keys: &[],
    }],
    // ClusterRole
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // ClusterRoleBinding
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // ClusterRoleBindingList
    &[Field {
        name: "items",
        def: 159,
        merge: false,
        keys: &[],
    }],
    // ClusterRoleList
    &[Field {
        name: "items",
        def: 158,
        merge: false,
        keys: &[],
    }],
    // Role
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // RoleBinding
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // RoleBindingList
    &[Field {
        name: "items",
        def: 163,
        merge: false,
        keys: &[],
    }],
    // RoleList
    &[Field {
        name: "items",
        def: 162,
        merge: false,
        keys: &[],
    }],
    // PriorityClass
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // PriorityClassList
    &[Field {
        name: "items",
        def: 166,
        merge: false,
        keys: &[],
    }],
    // PriorityClass
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // PriorityClassList
    &[Field {
        name: "items",
        def: 168,
        merge: false,
        keys: &[],
    }],
    // CSIDriver
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // CSIDriverList
    &[Field {
        name: "items",
        def: 170,
        merge: false,
        keys: &[],
    }],
    // CSINode
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "spec",
            def: 174,
            merge: false,
            keys: &[],
        },
    ],
    // CSINodeList
    &[Field {
        name: "items",
        def: 172,
        merge: false,
        keys: &[],
    }],
    // CSINodeSpec
    &[Field {
        name: "drivers",
        def: NONE,
        merge: true,
        keys: &["name"],
    }],
    // StorageClass
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // StorageClassList
    &[Field {
        name: "items",
        def: 175,
        merge: false,
        keys: &[],
    }],
    // VolumeAttachment
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // VolumeAttachmentList
    &[Field {
        name: "items",
        def: 177,
        merge: false,
        keys: &[],
    }],
    // CSIDriver
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // CSIDriverList
    &[Field {
        name: "items",
        def: 179,
        merge: false,
        keys: &[],
    }],
    // CSINode
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "spec",
            def: 183,
            merge: false,
            keys: &[],
        },
    ],
    // CSINodeList
    &[Field {
        name: "items",
        def: 181,
        merge: false,
        keys: &[],
    }],
    // CSINodeSpec
    &[Field {
        name: "drivers",
        def: NONE,
        merge: true,
        keys: &["name"],
    }],
    // CSIStorageCapacity
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // CSIStorageCapacityList
    &[Field {
        name: "items",
        def: 184,
        merge: false,
        keys: &[],
    }],
    // StorageClass
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // StorageClassList
    &[Field {
        name: "items",
        def: 186,
        merge: false,
        keys: &[],
    }],
    // VolumeAttachment
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // VolumeAttachmentList
    &[Field {
        name: "items",
        def: 188,
        merge: false,
        keys: &[],
    }],
    // CustomResourceDefinition
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // CustomResourceDefinitionList
    &[Field {
        name: "items",
        def: 190,
        merge: false,
        keys: &[],
    }],
    // CustomResourceDefinition
    &[Field {
        name: "metadata",
        def: 194,
        merge: false,
        keys: &[],
    }],
    // CustomResourceDefinitionList
    &[Field {
        name: "items",
        def: 192,
        merge: false,
        keys: &[],
    }],
    // ObjectMeta
    &[
        Field {
            name: "finalizers",
            def: NONE,
            merge: true,
            keys: &[],
        },
        Field {
            name: "ownerReferences",
            def: NONE,
            merge: true,
            keys: &["uid"],
        },
    ],
    // APIService
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "status",
            def: 197,
            merge: false,
            keys: &[],
        },
    ],
    // APIServiceList
    &[Field {
        name: "items",
        def: 195,
        merge: false,
        keys: &[],
    }],
    // APIServiceStatus
    &[Field {
        name: "conditions",
        def: NONE,
        merge: true,
        keys: &["type"],
    }],
    // APIService
    &[
        Field {
            name: "metadata",
            def: 194,
            merge: false,
            keys: &[],
        },
        Field {
            name: "status",
            def: 200,
            merge: false,
            keys: &[],
        },
    ],
    // APIServiceList
    &[Field {
        name: "items",
        def: 198,
        merge: false,
        keys: &[],
    }],
    // APIServiceStatus
    &[Field {
        name: "conditions",
        def: NONE,
        merge: true,
        keys: &["type"],
    }],
];

/// The names of the types, in the order of [`DEFS`]; sorted.
pub(crate) static NAMES: &[&str] = &[
    "io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration",
    "io.k8s.api.admissionregistration.v1.MutatingWebhookConfigurationList",
    "io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration",
    "io.k8s.api.admissionregistration.v1.ValidatingWebhookConfigurationList",
    "io.k8s.api.admissionregistration.v1beta1.MutatingWebhookConfiguration",
    "io.k8s.api.admissionregistration.v1beta1.MutatingWebhookConfigurationList",
    "io.k8s.api.admissionregistration.v1beta1.ValidatingWebhookConfiguration",
    "io.k8s.api.admissionregistration.v1beta1.ValidatingWebhookConfigurationList",
    "io.k8s.api.apps.v1.ControllerRevision",
    "io.k8s.api.apps.v1.ControllerRevisionList",
    "io.k8s.api.apps.v1.DaemonSet",
    "io.k8s.api.apps.v1.DaemonSetList",
    "io.k8s.api.apps.v1.DaemonSetSpec",
    "io.k8s.api.apps.v1.DaemonSetStatus",
    "io.k8s.api.apps.v1.Deployment",
    "io.k8s.api.apps.v1.DeploymentList",
    "io.k8s.api.apps.v1.DeploymentSpec",
    "io.k8s.api.apps.v1.DeploymentStatus",
    "io.k8s.api.apps.v1.ReplicaSet",
    "io.k8s.api.apps.v1.ReplicaSetList",
    "io.k8s.api.apps.v1.ReplicaSetSpec",
    "io.k8s.api.apps.v1.ReplicaSetStatus",
    "io.k8s.api.apps.v1.StatefulSet",
    "io.k8s.api.apps.v1.StatefulSetList",
    "io.k8s.api.apps.v1.StatefulSetSpec",
    "io.k8s.api.apps.v1.StatefulSetStatus",
    "io.k8s.api.authentication.v1.TokenRequest",
    "io.k8s.api.authentication.v1.TokenReview",
    "io.k8s.api.authentication.v1beta1.TokenReview",
    "io.k8s.api.authorization.v1.LocalSubjectAccessReview",
    "io.k8s.api.authorization.v1.SelfSubjectAccessReview",
    "io.k8s.api.authorization.v1.SelfSubjectRulesReview",
    "io.k8s.api.authorization.v1.SubjectAccessReview",
    "io.k8s.api.authorization.v1beta1.LocalSubjectAccessReview",
    "io.k8s.api.authorization.v1beta1.SelfSubjectAccessReview",
    "io.k8s.api.authorization.v1beta1.SelfSubjectRulesReview",
    "io.k8s.api.authorization.v1beta1.SubjectAccessReview",
    "io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler",
    "io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerList",
    "io.k8s.api.autoscaling.v1.Scale",
    "io.k8s.api.autoscaling.v2beta1.HorizontalPodAutoscaler",
    "io.k8s.api.autoscaling.v2beta1.HorizontalPodAutoscalerList",
    "io.k8s.api.autoscaling.v2beta2.HorizontalPodAutoscaler",
    "io.k8s.api.autoscaling.v2beta2.HorizontalPodAutoscalerList",
    "io.k8s.api.batch.v1.CronJob",
    "io.k8s.api.batch.v1.CronJobList",
    "io.k8s.api.batch.v1.CronJobSpec",
    "io.k8s.api.batch.v1.Job",
    "io.k8s.api.batch.v1.JobList",
    "io.k8s.api.batch.v1.JobSpec",
    "io.k8s.api.batch.v1.JobStatus",
    "io.k8s.api.batch.v1.JobTemplateSpec",
    "io.k8s.api.batch.v1beta1.CronJob",
    "io.k8s.api.batch.v1beta1.CronJobList",
    "io.k8s.api.batch.v1beta1.CronJobSpec",
    "io.k8s.api.batch.v1beta1.JobTemplateSpec",
    "io.k8s.api.certificates.v1.CertificateSigningRequest",
    "io.k8s.api.certificates.v1.CertificateSigningRequestList",
    "io.k8s.api.certificates.v1beta1.CertificateSigningRequest",
    "io.k8s.api.certificates.v1beta1.CertificateSigningRequestList",
    "io.k8s.api.coordination.v1.Lease",
    "io.k8s.api.coordination.v1.LeaseList",
    "io.k8s.api.coordination.v1beta1.Lease",
    "io.k8s.api.coordination.v1beta1.LeaseList",
    "io.k8s.api.core.v1.Binding",
    "io.k8s.api.core.v1.ComponentStatus",
    "io.k8s.api.core.v1.ComponentStatusList",
    "io.k8s.api.core.v1.ConfigMap",
    "io.k8s.api.core.v1.ConfigMapList",
    "io.k8s.api.core.v1.Container",
    "io.k8s.api.core.v1.Endpoints",
    "io.k8s.api.core.v1.EndpointsList",
    "io.k8s.api.core.v1.EphemeralContainer",
    "io.k8s.api.core.v1.EphemeralVolumeSource",
    "io.k8s.api.core.v1.Event",
    "io.k8s.api.core.v1.EventList",
    "io.k8s.api.core.v1.LimitRange",
    "io.k8s.api.core.v1.LimitRangeList",
    "io.k8s.api.core.v1.Namespace",
    "io.k8s.api.core.v1.NamespaceList",
    "io.k8s.api.core.v1.NamespaceStatus",
    "io.k8s.api.core.v1.Node",
    "io.k8s.api.core.v1.NodeList",
    "io.k8s.api.core.v1.NodeSpec",
    "io.k8s.api.core.v1.NodeStatus",
    "io.k8s.api.core.v1.PersistentVolume",
    "io.k8s.api.core.v1.PersistentVolumeClaim",
    "io.k8s.api.core.v1.PersistentVolumeClaimList",
    "io.k8s.api.core.v1.PersistentVolumeClaimStatus",
    "io.k8s.api.core.v1.PersistentVolumeClaimTemplate",
    "io.k8s.api.core.v1.PersistentVolumeList",
    "io.k8s.api.core.v1.Pod",
    "io.k8s.api.core.v1.PodList",
    "io.k8s.api.core.v1.PodSpec",
    "io.k8s.api.core.v1.PodStatus",
    "io.k8s.api.core.v1.PodTemplate",
    "io.k8s.api.core.v1.PodTemplateList",
    "io.k8s.api.core.v1.PodTemplateSpec",
    "io.k8s.api.core.v1.ReplicationController",
    "io.k8s.api.core.v1.ReplicationControllerList",
    "io.k8s.api.core.v1.ReplicationControllerSpec",
    "io.k8s.api.core.v1.ReplicationControllerStatus",
    "io.k8s.api.core.v1.ResourceQuota",
    "io.k8s.api.core.v1.ResourceQuotaList",
    "io.k8s.api.core.v1.Secret",
    "io.k8s.api.core.v1.SecretList",
    "io.k8s.api.core.v1.Service",
    "io.k8s.api.core.v1.ServiceAccount",
    "io.k8s.api.core.v1.ServiceAccountList",
    "io.k8s.api.core.v1.ServiceList",
    "io.k8s.api.core.v1.ServiceSpec",
    "io.k8s.api.core.v1.ServiceStatus",
    "io.k8s.api.core.v1.Volume",
    "io.k8s.api.discovery.v1.EndpointSlice",
    "io.k8s.api.discovery.v1.EndpointSliceList",
    "io.k8s.api.discovery.v1beta1.EndpointSlice",
    "io.k8s.api.discovery.v1beta1.EndpointSliceList",
    "io.k8s.api.events.v1.Event",
    "io.k8s.api.events.v1.EventList",
    "io.k8s.api.events.v1beta1.Event",
    "io.k8s.api.events.v1beta1.EventList",
    "io.k8s.api.extensions.v1beta1.Ingress",
    "io.k8s.api.extensions.v1beta1.IngressList",
    "io.k8s.api.flowcontrol.v1beta1.FlowSchema",
    "io.k8s.api.flowcontrol.v1beta1.FlowSchemaList",
    "io.k8s.api.flowcontrol.v1beta1.PriorityLevelConfiguration",
    "io.k8s.api.flowcontrol.v1beta1.PriorityLevelConfigurationList",
    "io.k8s.api.networking.v1.Ingress",
    "io.k8s.api.networking.v1.IngressClass",
    "io.k8s.api.networking.v1.IngressClassList",
    "io.k8s.api.networking.v1.IngressList",
    "io.k8s.api.networking.v1.NetworkPolicy",
    "io.k8s.api.networking.v1.NetworkPolicyList",
    "io.k8s.api.networking.v1beta1.Ingress",
    "io.k8s.api.networking.v1beta1.IngressClass",
    "io.k8s.api.networking.v1beta1.IngressClassList",
    "io.k8s.api.networking.v1beta1.IngressList",
    "io.k8s.api.node.v1.RuntimeClass",
    "io.k8s.api.node.v1.RuntimeClassList",
    "io.k8s.api.node.v1beta1.RuntimeClass",
    "io.k8s.api.node.v1beta1.RuntimeClassList",
    "io.k8s.api.policy.v1.PodDisruptionBudget",
    "io.k8s.api.policy.v1.PodDisruptionBudgetList",
    "io.k8s.api.policy.v1.PodDisruptionBudgetStatus",
    "io.k8s.api.policy.v1beta1.Eviction",
    "io.k8s.api.policy.v1beta1.PodDisruptionBudget",
    "io.k8s.api.policy.v1beta1.PodDisruptionBudgetList",
    "io.k8s.api.policy.v1beta1.PodDisruptionBudgetStatus",
    "io.k8s.api.policy.v1beta1.PodSecurityPolicy",
    "io.k8s.api.policy.v1beta1.PodSecurityPolicyList",
    "io.k8s.api.rbac.v1.ClusterRole",
    "io.k8s.api.rbac.v1.ClusterRoleBinding",
    "io.k8s.api.rbac.v1.ClusterRoleBindingList",
    "io.k8s.api.rbac.v1.ClusterRoleList",
    "io.k8s.api.rbac.v1.Role",
    "io.k8s.api.rbac.v1.RoleBinding",
    "io.k8s.api.rbac.v1.RoleBindingList",
    "io.k8s.api.rbac.v1.RoleList",
    "io.k8s.api.rbac.v1beta1.ClusterRole",
    "io.k8s.api.rbac.v1beta1.ClusterRoleBinding",
    "io.k8s.api.rbac.v1beta1.ClusterRoleBindingList",
    "io.k8s.api.rbac.v1beta1.ClusterRoleList",
    "io.k8s.api.rbac.v1beta1.Role",
    "io.k8s.api.rbac.v1beta1.RoleBinding",
    "io.k8s.api.rbac.v1beta1.RoleBindingList",
    "io.k8s.api.rbac.v1beta1.RoleList",
    "io.k8s.api.scheduling.v1.PriorityClass",
    "io.k8s.api.scheduling.v1.PriorityClassList",
    "io.k8s.api.scheduling.v1beta1.PriorityClass",
    "io.k8s.api.scheduling.v1beta1.PriorityClassList",
    "io.k8s.api.storage.v1.CSIDriver",
    "io.k8s.api.storage.v1.CSIDriverList",
    "io.k8s.api.storage.v1.CSINode",
    "io.k8s.api.storage.v1.CSINodeList",
    "io.k8s.api.storage.v1.CSINodeSpec",
    "io.k8s.api.storage.v1.StorageClass",
    "io.k8s.api.storage.v1.StorageClassList",
    "io.k8s.api.storage.v1.VolumeAttachment",
    "io.k8s.api.storage.v1.VolumeAttachmentList",
    "io.k8s.api.storage.v1beta1.CSIDriver",
    "io.k8s.api.storage.v1beta1.CSIDriverList",
    "io.k8s.api.storage.v1beta1.CSINode",
    "io.k8s.api.storage.v1beta1.CSINodeList",
    "io.k8s.api.storage.v1beta1.CSINodeSpec",
    "io.k8s.api.storage.v1beta1.CSIStorageCapacity",
    "io.k8s.api.storage.v1beta1.CSIStorageCapacityList",
    "io.k8s.api.storage.v1beta1.StorageClass",
    "io.k8s.api.storage.v1beta1.StorageClassList",
    "io.k8s.api.storage.v1beta1.VolumeAttachment",
    "io.k8s.api.storage.v1beta1.VolumeAttachmentList",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionList",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1beta1.CustomResourceDefinition",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1beta1.CustomResourceDefinitionList",
    "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
    "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService",
    "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceList",
    "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIServiceStatus",
    "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1beta1.APIService",
    "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1beta1.APIServiceList",
    "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1beta1.APIServiceStatus",
];

/// Kinds known to live outside of namespaces, by API version; sorted.
pub(crate) static CLUSTER_SCOPED: &[(&str, &str)] = &[
    (
        "admissionregistration.k8s.io/v1",
        "MutatingWebhookConfiguration",
    ),
    (
        "admissionregistration.k8s.io/v1",
        "ValidatingWebhookConfiguration",
    ),
    (
        "admissionregistration.k8s.io/v1beta1",
        "MutatingWebhookConfiguration",
    ),
    (
        "admissionregistration.k8s.io/v1beta1",
        "ValidatingWebhookConfiguration",
    ),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"),
    ("apiregistration.k8s.io/v1", "APIService"),
    ("apiregistration.k8s.io/v1beta1", "APIService"),
    ("certificates.k8s.io/v1", "CertificateSigningRequest"),
    ("certificates.k8s.io/v1beta1", "CertificateSigningRequest"),
    ("flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema"),
    (
        "flowcontrol.apiserver.k8s.io/v1beta1",
        "PriorityLevelConfiguration",
    ),
    ("networking.k8s.io/v1", "IngressClass"),
    ("networking.k8s.io/v1beta1", "IngressClass"),
    ("node.k8s.io/v1", "RuntimeClass"),
    ("node.k8s.io/v1beta1", "RuntimeClass"),
    ("policy/v1beta1", "PodSecurityPolicy"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRole"),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRoleBinding"),
    ("scheduling.k8s.io/v1", "PriorityClass"),
    ("scheduling.k8s.io/v1beta1", "PriorityClass"),
    ("storage.k8s.io/v1", "CSIDriver"),
    ("storage.k8s.io/v1", "CSINode"),
    ("storage.k8s.io/v1", "StorageClass"),
    ("storage.k8s.io/v1", "VolumeAttachment"),
    ("storage.k8s.io/v1beta1", "CSIDriver"),
    ("storage.k8s.io/v1beta1", "CSINode"),
    ("storage.k8s.io/v1beta1", "StorageClass"),
    ("storage.k8s.io/v1beta1", "VolumeAttachment"),
    ("v1", "ComponentStatus"),
    ("v1", "Namespace"),
    ("v1", "Node"),
    ("v1", "NodeProxyOptions"),
    ("v1", "PersistentVolume"),
];
