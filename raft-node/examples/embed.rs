//! A server in a program of its own: three in this process, and a value that all of them keep.

use raft_node::client::{Client, Options};
use raft_node::cluster::{Cluster, Plan};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = std::env::temp_dir().join(format!("raft-node-embed-{}", std::process::id()));
    let cluster = Cluster::start(&Plan::new(&data)).await?;
    let mut client = Client::new(cluster.apis(), Options::default())?;
    let kept = tokio::task::spawn_blocking(move || {
        client.put("greeting", b"hello")?;
        client.get("greeting")
    });
    println!("{:?}", kept.await??.map(String::from_utf8));
    cluster.stop().await;
    std::fs::remove_dir_all(data)?;
    Ok(())
}
