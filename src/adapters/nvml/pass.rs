//! One pass over a board: everything that changes, in as few calls as there are.

use nvml_wrapper::Device;
use nvml_wrapper::enum_wrappers::device::TemperatureSensor;
use nvml_wrapper::error::NvmlError;
use plant::gpu::{Condition, GpuSample, Millijoules, Milliwatts, PowerLimits, PowerReading, PowerSource, Throttle};
use plant::time::{Mono, Span};

use super::card::{self, Card, Meter, field, may};
use super::pulse::{Pulse, Verdict};
use super::{raw, sane};

/// What changes seldom is asked for this often.
const SELDOM: Span = Span::from_secs(1);

/// What is kept from one pass to the next.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Passes {
    pulse: Pulse,
    seldom: Option<(Mono, Seldom)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Seldom {
    ecc: Option<u64>,
    persistent: Option<bool>,
    mig: bool,
}

impl Passes {
    /// Reads the board. `now` is when the pass begins: nothing in it is older.
    ///
    /// # Errors
    /// The library's, where the board or the driver is gone.
    pub(super) fn read(&mut self, device: &Device<'_>, card: &Card, now: Mono) -> Result<GpuSample, NvmlError> {
        let (told, memory) = power(device, card)?;
        let energy = may(device.total_energy_consumption())?.and_then(sane::energy);
        let (configured, enforced) = card::now(device, card.scope)?;
        if told.is_none() && energy.is_none() && configured.is_none() && enforced.is_none() {
            // A handle that knows nothing at all is dead, whatever each call has to say.
            return Err(NvmlError::NoData);
        }
        let (condition, power) = self.judge((told, energy), card, now);
        let seldom = self.seldom(device, now)?;
        let used = if seldom.mig { None } else { may(device.utilization_rates())? };
        Ok(GpuSample {
            at: now,
            driver: 0,
            condition,
            power,
            energy,
            die: may(device.temperature(TemperatureSensor::Gpu))?.and_then(|t| sane::temperature(t.into())),
            memory: memory.and_then(sane::temperature),
            throttle: may(device.current_throttle_reasons())?.map(|bits| Throttle(bits.bits())),
            ecc: seldom.ecc,
            busy: used.as_ref().and_then(|u| sane::share(u.gpu.into())),
            memory_busy: used.as_ref().and_then(|u| sane::share(u.memory.into())),
            limits: PowerLimits { configured, enforced, ..card.limits },
            persistent: seldom.persistent,
            mig: seldom.mig,
        })
    }

    /// Power as it is told, or as the counter says where the witness is against it.
    fn judge(
        &mut self,
        (told, energy): (Option<Milliwatts>, Option<Millijoules>),
        card: &Card,
        now: Mono,
    ) -> (Condition, Option<PowerReading>) {
        let verdict = self.pulse.step(now, told, energy);
        let counted = self.pulse.mean().map(|draw| PowerReading { draw, source: PowerSource::Energy });
        let source = if card.instant { PowerSource::Momentary } else { PowerSource::Average };
        let told = told.map(|draw| PowerReading { draw, source });
        match verdict {
            Verdict::Moves => (Condition::Well, told.or(counted)),
            Verdict::PowerFrozen => (Condition::PowerFrozen, counted),
            Verdict::Frozen => (Condition::Frozen, None),
        }
    }

    fn seldom(&mut self, device: &Device<'_>, now: Mono) -> Result<Seldom, NvmlError> {
        if let Some((at, seldom)) = self.seldom
            && now.since(at) < SELDOM
        {
            return Ok(seldom);
        }
        let seldom = Seldom {
            ecc: card::ecc(device)?,
            persistent: may(device.is_in_persistent_mode())?,
            mig: card::mig(device)?,
        };
        self.seldom = Some((now, seldom));
        Ok(seldom)
    }
}

/// Power by the board's own meter, and the temperature of its memory (°C) where fields are read at all.
fn power(device: &Device<'_>, card: &Card) -> Result<(Option<Milliwatts>, Option<u64>), NvmlError> {
    let id = match card.meter {
        Meter::Instant => field::INSTANT,
        Meter::AverageField => field::AVERAGE,
        Meter::Usage => return Ok((may(device.power_usage())?.and_then(|p| sane::power(p.into())), None)),
        Meter::None => return Ok((None, None)),
    };
    let Some([power, memory]) = may(raw::fields(device, card.scope, [id, field::MEMORY_TEMPERATURE]))? else {
        return Ok((None, None));
    };
    Ok((may(power)?.and_then(sane::power), may(memory)?))
}
