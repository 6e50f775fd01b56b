//! What is told of caps, in words.

use super::super::hold::News;
use super::super::node::Node;

/// Says what is new, once.
pub fn tell(node: &mut Node) {
    for (gpu, news) in node.news() {
        match news {
            News::Expired => {
                tracing::warn!(%gpu, "its lease is over: it goes to the lower of its cap and the fail-safe");
            }
            News::Lowered { to, from } => tracing::warn!(
                %gpu, %to, %from,
                "somebody else has lowered its limit; it is not raised until he raises it above ours (`nvidia-smi -pl`)"
            ),
            News::Raised { to, from } => {
                tracing::error!(%gpu, %to, %from, "somebody else has raised its limit; ours is set again");
            }
            News::GivenBack => tracing::info!(%gpu, "whoever had lowered its limit has raised it again"),
            News::DriverAnew => tracing::warn!(%gpu, "the driver has started anew; its limit is set again"),
            News::Contended { enforced, wanted } => {
                tracing::error!(%gpu, %enforced, %wanted, "a cap was written and is not enforced");
            }
            News::Kept => tracing::info!(%gpu, "its cap is enforced again"),
            News::Stiff { least, failsafe } => tracing::error!(
                %gpu, %least, %failsafe,
                "its board takes no limit as low as the node's fail-safe: whoever counts on `failsafe_w` counts too little"
            ),
            News::Curbed { prior, ceiling } => tracing::warn!(
                %gpu, %prior, %ceiling,
                "the limit from before us is above the node's ceiling, and the ceiling is set; root may set more by itself"
            ),
        }
    }
}
