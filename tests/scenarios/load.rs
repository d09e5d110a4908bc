//! Many objects at once: the queue stays fair, what waits holds no worker.

use flux_tests::{World, kustomizations};

use crate::install::{DEPLOYMENT, SERVICE, app};

#[tokio::test(flavor = "multi_thread")]
async fn unhealthy_kustomizations_hold_no_worker() {
    const SICK: usize = 40;
    const WELL: usize = 20;
    let world = World::start("load").await;
    let never = DEPLOYMENT
        .replace("metadata:\n  name: web\n", "metadata:\n  name: web\n  annotations:\n    simulate.flux.local/ready: never\n")
        .replace(
            "    metadata:\n      labels: {app: web}\n",
            "    metadata:\n      labels: {app: web}\n      annotations: {simulate.flux.local/ready: never}\n",
        );
    world.git.commit(
        "fleet.git",
        &[
            ("sick/deployment.yaml", &never),
            ("app/service.yaml", SERVICE),
        ],
    );
    let manifests = app(&world, true).replace("timeout: 1m", "timeout: 1h");
    let (source, kustomization) = manifests.split_once("---").expect("two documents");
    world.apply(source).await;
    for number in 0..SICK {
        let sick = kustomization
            .replace("name: app\nspec", &format!("name: sick-{number}\nspec"))
            .replace(
                "./app",
                "./sick\n  nameSuffix: \"-NUMBER\""
                    .replace("NUMBER", &number.to_string())
                    .as_str(),
            );
        world.apply(&sick).await;
    }
    for number in 0..WELL {
        let well = kustomization
            .replace("name: app\nspec", &format!("name: well-{number}\nspec"))
            .replace(
                "./app",
                "./app\n  nameSuffix: \"-NUMBER\""
                    .replace("NUMBER", &number.to_string())
                    .as_str(),
            );
        world.apply(&well).await;
    }
    // With four workers and forty that wait for an hour, these get their turn all the same.
    for number in 0..WELL {
        world
            .until_ready(&kustomizations(), &format!("well-{number}"), "True")
            .await;
    }
    for number in 0..SICK {
        let name = format!("sick-{number}");
        world
            .until(&kustomizations(), &name, "waiting for health", |object| {
                flux_tests::condition(object, "Reconciling").is_some()
                    || flux_tests::reason(object) == "Progressing"
            })
            .await;
    }
}
