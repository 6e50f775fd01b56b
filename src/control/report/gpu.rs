//! Why a GPU may draw what it may, for people.

use plant::gpu::Uuid;
use serde::{Deserialize, Serialize};

/// A GPU's cap and what holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GpuView {
    /// Its name.
    pub uuid: Uuid,
    /// Its node: `rack-a01-node-1`.
    pub node: String,
    /// The rack of that.
    pub rack: String,
    /// Whom it works for.
    pub tenant: String,
    /// Who comes first: 0 before 9.
    pub priority: u8,
    /// What it draws (W); nothing where nobody knows.
    pub draws_w: Option<f64>,
    /// What its board reads of what it draws by its rack's meter (1, about 0.9 to 1.1); 1 while nobody knows better.
    pub reads: f64,
    /// What it wishes (W).
    pub wishes_w: f64,
    /// What is granted (W); nothing where nothing is.
    pub granted_w: Option<f64>,
    /// What it counts with below every limit: the most that it may draw now for all that is known (W).
    pub counts_w: f64,
    /// `nothing`, `limit`, `rising`, `asked`, `doubt`.
    pub held: String,
    /// The feed that holds it, or a cord on it; nothing where none does.
    pub by: Option<String>,
    /// All of it in a sentence.
    pub sentence: String,
}
