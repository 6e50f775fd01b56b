//! Who a unit is, as its map can tell: asked on every connection and after every silence, before anything is written.

use plant::device::IdentityMark;

use super::client::{Data, Reader};
use super::link::Fault;

/// What tells a unit from another, and the connection on which it was last found to be the right one.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    marks: Vec<IdentityMark>,
    known_on: Option<u64>,
}

impl Identity {
    /// Adds the marks of one map.
    pub fn add(&mut self, marks: &[IdentityMark]) {
        self.marks.extend_from_slice(marks);
    }

    /// Nobody knows any more: another device may stand in its place.
    pub const fn forget(&mut self) {
        self.known_on = None;
    }

    /// Makes sure that unit `number` is the one the maps mean, on the connection that is open now.
    ///
    /// # Errors
    /// `Stranger` for another device, or why nobody could tell.
    pub async fn confirm(&mut self, reader: &mut Reader, number: u8) -> Result<(), Fault> {
        if self.marks.is_empty() || (self.known_on.is_some() && self.known_on == reader.link().connection()) {
            return Ok(());
        }
        self.known_on = None;
        for mark in &self.marks {
            match reader.read(number, mark.table, (mark.address, mark.ty.words())).await {
                Ok(Data::Words(words)) if mark.fits(&words) => {}
                Ok(found) => return Err(stranger(reader, number, mark, format_args!("{found:?}"))),
                // What does not have the register is another product.
                Err(Fault::Exception(code @ 1..=4)) => {
                    return Err(stranger(reader, number, mark, format_args!("exception {code}")));
                }
                Err(fault) => return Err(fault),
            }
        }
        self.known_on = reader.link().connection();
        Ok(())
    }
}

fn stranger(reader: &mut Reader, unit: u8, mark: &IdentityMark, found: std::fmt::Arguments<'_>) -> Fault {
    reader.link().counters().strangers.one();
    let (register, expect) = (mark.label(), &mark.expect);
    tracing::error!(unit, %register, %found, ?expect, "another device than the map means: it is not written and not believed");
    Fault::Stranger
}
