//! Writes the custom resource definitions: `cargo run -p flux-api --example crds -- <folder>`.
#![expect(clippy::disallowed_methods, reason = "a generator writes files")]

use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(
        std::env::args()
            .nth(1)
            .ok_or("name the folder to write to")?,
    );
    std::fs::create_dir_all(&folder)?;
    for definition in flux_api::crd::definitions() {
        let text = flux_yaml::to_yaml_string(&definition.object)?;
        std::fs::write(folder.join(&definition.file_name), text)?;
    }
    Ok(())
}
