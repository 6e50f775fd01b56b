"""The hall `air` as an engineer would write it in numpy: the same parts, the same physics, one step a second.

Forty lumped racks in two rows, aisles, six CRAHs on chilled water with valves, a pump that holds its pressure, an economiser,
three chillers by the EIR method, a tower by Merkel's with a basin, a chain of losses, panels with PI loops, and a noisy, lagging,
quantised sensor for each point. Racks, CRAHs and sensors are arrays; what there is once is plain floats, which is faster in
Python than arrays of one. Prints the steps it took and the processor's seconds, and what the hall came to.
"""

import math
import sys
import time

import numpy as np

CP_AIR, CP_WATER, RHO = 1006.0, 4186.0, 998.0
DT = 1.0
SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
SENSORS = int(sys.argv[2]) if len(sys.argv) > 2 else 220

rng = np.random.default_rng(1)


def phi2(z):
    """(e^z - 1 - z)/z^2, for negative z."""
    small = np.abs(z) < 1e-3
    safe = np.where(small, 1.0, z)
    return np.where(small, 0.5 + z / 6.0, (np.expm1(safe) - safe) / (safe * safe))


def node(leave, source, capacity, start):
    """A mixed volume over a step: its mean and its end."""
    x = DT * leave / capacity
    part = 0.5 - x / 6.0 if x < 1e-3 else (math.exp(-x) - 1.0 + x) / (x * x)
    mean = start + DT * (source - leave * start) / capacity * part
    return mean, start + DT * (source - leave * mean) / capacity


def counter_flow(ua, one, other):
    """Heat for each kelvin between the entering streams."""
    least, most = min(one, other), max(one, other)
    if least < 1e-6 or ua <= 0.0:
        return 0.0
    z, ntu = min(least / most, 0.98), ua / least
    e = math.exp(-ntu * (1.0 - z))
    return least * (1.0 - e) / (1.0 - z * e)


def saturated_enthalpy(t, pressure=101325.0):
    k = t + 273.15
    p = math.exp(-5800.2206 / k + 1.3914993 - k * (4.864023e-2 - k * (4.1764768e-5 - k * 1.4452093e-8)) + 6.5459673 * math.log(k))
    w = 0.621945 * p / (pressure - p)
    return 1006.0 * t + w * (2.501e6 + 1860.0 * t), w


class Pi:
    """A loop with its integral held at its limits."""

    def __init__(self, gain, ti, low, high, start):
        self.gain, self.ti, self.low, self.high, self.integral = gain, ti, low, high, start

    def step(self, measured, setpoint):
        p = self.gain * (measured - setpoint)
        step = p * DT / self.ti
        before = p + self.integral
        if (step > 0.0 and before < self.high) or (step < 0.0 and before > self.low):
            self.integral += step
        self.integral = min(max(self.integral, self.low - abs(p)), self.high + abs(p))
        return min(max(p + self.integral, self.low), self.high)


class Pis:
    """Six loops at once."""

    def __init__(self, n, gain, ti, low, high, start):
        self.gain, self.ti, self.low, self.high, self.integral = gain, ti, low, high, np.full(n, start)

    def step(self, measured, setpoint):
        p = self.gain * (measured - setpoint)
        step = p * (DT / self.ti)
        before = p + self.integral
        moves = ((step > 0.0) & (before < self.high)) | ((step < 0.0) & (before > self.low))
        self.integral = np.clip(self.integral + step * moves, self.low - np.abs(p), self.high + np.abs(p))
        return np.clip(p + self.integral, self.low, self.high)


class Racks:
    """Forty racks: two rows of twenty."""

    def __init__(self):
        self.rated = np.full((2, 20), 25e3)
        end = np.linspace(-1.0, 1.0, 20) ** 4
        self.own = 0.03 + 0.07 * end
        self.machines = np.full((2, 20), 40.0)
        self.inlet = np.full((2, 20), 24.0)
        self.outlet = np.full((2, 20), 36.0)
        self.full = self.rated / (CP_AIR * 12.0)
        self.capacity = 8.0 * self.rated
        self.speed = np.full((2, 20), 0.8)
        self.phase = rng.random((2, 20))
        self.before, self.now = rng.uniform(-1, 1, (2, 20)), rng.uniform(-1, 1, (2, 20))
        self.block = np.floor(self.phase)
        self.kept = math.exp(-DT / 10.0)

    def work(self, second):
        place = second / 900.0 + self.phase
        block = np.floor(place)
        changed = block != self.block
        if changed.any():
            self.before = np.where(changed, self.now, self.before)
            self.now = np.where(changed, rng.uniform(-1, 1, (2, 20)), self.now)
            self.block = block
        moved = np.minimum((place - block) * 900.0 / 20.0, 1.0)
        wave = math.cos(2.0 * math.pi * (second / 3600.0 - 15.0) / 24.0)
        share = np.clip(0.8 + 0.05 * wave + 0.12 * (self.before + (self.now - self.before) * moved), 0.0, 1.0)
        wanted = np.clip(share * (1.0 + 0.05 * np.maximum(self.inlet - 27.0, 0.0)), 0.3, 1.4)
        self.speed = wanted + (self.speed - wanted) * self.kept
        self.flow = self.speed * self.full
        self.power = self.rated * (share + 0.04 * (self.speed**3 - share))
        stream = self.flow * CP_AIR
        conductance = -stream * np.expm1(-2.0 * self.speed**-0.2)
        x = DT * conductance / self.capacity
        faded = -np.expm1(-x) / x
        self.slope = conductance * faded
        self.base = self.power * (1.0 - faded) + self.slope * self.machines

    def settle(self, cold, hot):
        self.inlet = (1.0 - self.own) * cold[:, None] + self.own * hot[:, None]
        heat = self.base - self.slope * self.inlet
        self.outlet = self.inlet + heat / (self.flow * CP_AIR)
        self.machines += DT * (self.power - heat) / self.capacity


class Hall:
    """Everything else, and the step."""

    def __init__(self):
        self.racks = Racks()
        self.cold, self.hot, self.mass = np.full(2, 24.0), np.full(2, 34.0), 26.0
        self.fan, self.valve = np.full(6, 60.0), np.full(6, 60.0)
        self.metal, self.supply_air = np.full(6, 20.0), np.full(6, 22.0)
        self.fans, self.valves = Pis(6, 4.0, 120.0, 40.0, 100.0, 60.0), Pis(6, 6.0, 120.0, 0.0, 100.0, 60.0)
        self.pump_loop, self.pump, self.dp = Pi(-10.0, 15.0, 25.0, 100.0, 60.0), 60.0, 80e3
        self.supply, self.back, self.flow = 14.0, 20.0, 20.0
        self.chilled, self.condensing = [14.0] * 3, [26.0] * 3
        self.running, self.timer, self.ceiling = [True, True, False], 0.0, [1.0, 1.0, 0.1]
        self.tower_back, self.basin, self.air_out = 28.0, 22.0, 25.0
        self.tower_loop = Pi(8.0, 180.0, 0.0, 100.0, 50.0)
        self.economising, self.economiser_timer = False, 0.0
        self.entered = self.energy = self.it_energy = self.water = 0.0
        self.registers = np.zeros(7)
        self.row_of = np.array([0, 0, 0, 1, 1, 1])
        deviation = np.full(SENSORS, 0.05)
        self.sensed, self.noise = np.full(SENSORS, 20.0), deviation
        self.left = np.exp(-DT / np.full(SENSORS, 10.0))
        self.bias = rng.normal(0.0, 0.1, SENSORS)

    def coils(self):
        """Conductances of the six coils."""
        air = 18.0 * self.fan / 100.0
        stream_air, stream_water = air * CP_AIR, self.coil_water * CP_WATER
        r = 0.5
        water_nominal = 30e3 * (1.0 + r) / r
        ha_air = r * water_nominal * np.maximum(air / 18.0, 1e-9) ** 0.8
        ha_water = water_nominal * np.maximum(self.coil_water / 6.0, 1e-9) ** 0.85
        ua = ha_air * ha_water / (ha_air + ha_water)
        least, most = np.minimum(stream_air, stream_water), np.maximum(stream_air, stream_water)
        least = np.maximum(least, 1e-6)
        z = np.minimum(least / most, 0.98)
        e = np.exp(-ua / least * (1.0 - z))
        overall = least * (1.0 - e) / (1.0 - z * e)
        to_air = -stream_air * np.expm1(-ha_air / stream_air)
        to_water = overall * to_air / np.maximum(to_air - overall, 1e-6)
        x = DT * (to_air + to_water) / 900e3
        faded = -np.expm1(-x) / x
        balance = (1.0 - faded) / (to_air + to_water)
        own = faded * self.metal + balance * to_water * self.to_branches
        return stream_air, to_air, to_water, own, balance * to_air

    def air(self):
        racks = self.racks
        stream, to_air, to_water, own, by_hot = self.coils()
        fan_power = 11.3e3 * (self.fan / 100.0) ** 3
        add = lambda x: np.bincount(self.row_of, x, 2)
        blown, fixed = add(stream), add(fan_power + to_air * own)
        slope = add(stream - to_air * (1.0 - by_hot))
        passed_all = racks.flow * CP_AIR
        own_air, drawn = (passed_all * racks.own).sum(1), (passed_all * (1.0 - racks.own)).sum(1)
        back = np.maximum(drawn - 0.95 * blown, 0.0)
        spilled = 0.95 * blown + back - drawn
        ua, c = 20 * 250.0, 20 * 8e3
        passed = passed_all - racks.slope
        pdu = 1.1e6 * (0.002 + 0.010 * (racks.power.sum() / 1.1e6) ** 2)
        heat = (pdu + 6e3) / 2.0 + 0.05 * fixed + racks.base.sum(1)
        a11, a12 = -(0.95 * blown + back + ua) / c, (back + 0.95 * slope) / c
        a21 = (spilled + (passed * (1.0 - racks.own)).sum(1)) / c
        a22 = (0.05 * slope - (back + own_air + blown + ua) + (passed * racks.own).sum(1)) / c
        b1, b2 = (0.95 * fixed + ua * self.mass) / c, (heat + ua * self.mass) / c
        s1, s2 = a11 * self.cold + a12 * self.hot + b1, a21 * self.cold + a22 * self.hot + b2
        middle, spread = (a11 + a22) / 2.0, np.sqrt(np.maximum((a11 - a22) ** 2 / 4.0 + a12 * a21, 1e-12))
        high, low = (middle + spread) * DT, (middle - spread) * DT
        at_high, at_low = phi2(high), phi2(low)
        d = (at_high - at_low) / (high - low)
        cold = self.cold + DT * (at_high * s1 + d * ((a11 * DT - high) * s1 + a12 * DT * s2))
        hot = self.hot + DT * (at_high * s2 + d * (a21 * DT * s1 + (a22 * DT - high) * s2))
        self.cold = self.cold + DT * (a11 * cold + a12 * hot + b1)
        self.hot = self.hot + DT * (a21 * cold + a22 * hot + b2)
        racks.settle(cold, hot)
        at_coil = hot[self.row_of]
        metal = own + by_hot * at_coil
        from_air = to_air * (at_coil - metal)
        to_loop = to_water * (metal - self.to_branches)
        self.metal = self.metal + DT * (from_air - to_loop) / 900e3
        self.supply_air = at_coil + (fan_power - from_air) / np.maximum(stream, 1.0)
        self.mass += DT * (ua * (cold + hot - 2.0 * self.mass).sum() + 400.0 * (self.dry_bulb - self.mass)) / (40 * 200e3)
        return to_loop.sum(), fan_power.sum(), pdu

    def hydraulics(self):
        """Quadratic branches against a quadratic pump curve: a closed form."""
        opening = 50.0 ** (self.valve / 100.0 - 1.0)
        square = 20e3 / 36.0 + 30e3 / (opening * 6.0) ** 2
        openness = 1.0 / np.sqrt(square)
        total = openness.sum()
        s = self.pump / 100.0
        shut_off = s * s * 1.43 * 182e3
        fall = 0.43 * 182e3 / (36.0 * 36.0)
        root = math.sqrt(shut_off / (1.0 + (60e3 / (36.0 * 36.0) + fall) * total * total))
        self.coil_water, self.dp = openness * root, root * root
        self.flow = total * root
        head = shut_off - fall * self.flow**2
        load = min(self.flow / max(s * 36.0, 1e-9), 1.5)
        efficiency = (1.0 - 0.32 / max(s, 0.05) ** 0.1) * load * (2.0 - load)
        shaft = self.flow * head / (RHO * max(efficiency, 0.05))
        return shaft, shaft / (0.93 * 0.97)

    def chiller(self, n, entering, flow, condenser_flow, cooled):
        """EIR with clamped biquadratics, soft loading and two vessels."""
        if not self.running[n]:
            return self.chilled[n], self.condensing[n], 400.0
        self.ceiling[n] = min(self.ceiling[n] + DT * 10.0 / 6000.0, 1.0)
        x, y = min(max(self.chilled[n], 4.0), 10.0), min(max(self.condensing[n], 13.0), 36.0)
        capacity = 600e3 * max(0.9 + 0.02 * x - 0.0005 * x * x + 0.002 * y - 0.00012 * y * y + 0.0004 * x * y, 0.05)
        ratio = min(max(0.8 - 0.015 * x + 0.0004 * x * x - 0.004 * y + 0.0006 * y * y - 0.0006 * x * y, 0.05), 5.0)
        wanted = flow * CP_WATER * (entering - 14.0)
        heat = max(min(wanted, self.ceiling[n] * capacity), 0.0)
        p = max(heat / capacity, 0.2)
        power = capacity / 7.8 * ratio * (0.22 + 0.26 * p + 0.52 * p * p) * min(heat / capacity / 0.1, 1.0)
        chilled, self.chilled[n] = node(flow * CP_WATER, flow * CP_WATER * entering - heat, 4.0e6, self.chilled[n])
        stream = condenser_flow * CP_WATER
        condensing, self.condensing[n] = node(stream, stream * cooled + heat + power, 5.0e6, self.condensing[n])
        return chilled, condensing, power + 400.0

    def tower(self, flow, fan):
        """Merkel by effectiveness, three damped rounds, and a basin."""
        if flow <= 0.0:
            self.leaving = self.basin
            return 0.0, 0.0
        share = max(fan, 0.1)
        f_w = min(max(flow / 3.0 / 22.0, 0.3), 1.0)
        a = min(max(share, 0.2), 1.0)
        ua = 110e3 * a * (1.3 - 0.3 * a) * (0.1082 + f_w * (1.667 - 0.7713 * f_w)) * (1.0 + 0.0081 * (24.0 - self.wet_bulb)) / 1006.0
        mass, stream = share * 15.0, flow / 3.0 * CP_WATER
        from_, _ = saturated_enthalpy(self.wet_bulb)
        heat = 0.0
        for _ in range(3):
            far = max(self.air_out - self.wet_bulb, 0.02)
            slope = (saturated_enthalpy(self.wet_bulb + far)[0] - from_) / far
            heat = counter_flow(ua * slope, mass * slope, stream) * (self.tower_back - self.wet_bulb)
            self.air_out += 0.75 * (self.wet_bulb + heat / (mass * slope) - self.air_out)
        heat *= 3.0
        falling = self.tower_back - heat / (flow * CP_WATER)
        self.leaving, self.basin = node(flow * CP_WATER, flow * CP_WATER * falling, 30e6, self.basin)
        taken = 3.0 * mass * (saturated_enthalpy(self.air_out)[1] - self.humidity)
        return heat, min(max(taken, 0.75 * heat / 2.43e6), heat / 2.43e6)

    def step(self, second):
        hour = second / 3600.0
        self.dry_bulb = 18.0 + 6.0 * math.cos(2.0 * math.pi * (hour - 15.0) / 24.0)
        self.wet_bulb = self.dry_bulb - 4.0
        self.humidity = 0.0077
        fan = self.fans.step(self.hot[self.row_of] - self.supply_air, 10.0)
        valve = self.valves.step(self.supply_air, 22.0)
        self.fan = self.fan + np.clip(fan - self.fan, -100.0 * DT / 30.0, 100.0 * DT / 30.0)
        self.valve = self.valve + np.clip(valve - self.valve, -100.0 * DT / 120.0, 100.0 * DT / 120.0)
        wanted = self.pump_loop.step(self.dp / 80e3, 1.0)
        self.pump += min(max(wanted - self.pump, -100.0 * DT / 30.0), 100.0 * DT / 30.0)
        self.racks.work(second)
        shaft, electric = self.hydraulics()
        running = sum(self.running)
        condenser_flow = 30.0 * running + (44.0 if self.economising else 0.0)
        fan_speed = self.tower_loop.step(self.leaving if hasattr(self, "leaving") else 22.0, 22.0) / 100.0
        rejected, evaporated = self.tower(condenser_flow, fan_speed)
        condensed, cooling = 0.0, electric + 33e3 * fan_speed**3
        water = self.back
        self.economiser_timer += DT
        if self.economiser_timer > 1200.0:
            helps = self.back > self.wet_bulb + 8.0 if not self.economising else self.leaving < self.back - 1.0
            if helps != self.economising:
                self.economising, self.economiser_timer = helps, 0.0
        if self.economising:
            per_kelvin = counter_flow(300e3, self.flow * CP_WATER, 44.0 * CP_WATER)
            economised = per_kelvin * (water - self.leaving)
            water -= economised / (self.flow * CP_WATER)
            condensed += economised
        load = self.flow * CP_WATER * (water - 14.0)
        wanted_on = min(max(math.ceil(load / 540e3), 0), 3)
        self.timer = self.timer + DT if wanted_on != running else 0.0
        if self.timer > 900.0:
            self.running, self.timer = [n < wanted_on for n in range(3)], 0.0
        leaving = 0.0
        each = self.flow / running if running else 0.0
        for n in range(3):
            on = self.running[n]
            chilled, condensing, power = self.chiller(n, water, each if on else 0.0, 30.0 if on else 0.0, self.leaving)
            cooling += power
            if on:
                leaving += chilled / running
                condensed += 30.0 * CP_WATER * (condensing - self.leaving)
        leaving = leaving if running else water
        stream = self.flow * CP_WATER
        self.to_branches, self.supply = node(stream + 200.0, stream * leaving + 200.0 * self.dry_bulb, 4000.0 * CP_WATER, self.supply)
        condenser_stream = condenser_flow * CP_WATER
        self.tower_back += DT * (condenser_stream * (self.leaving - self.tower_back) + condensed + 3e3 * running) / (3000.0 * CP_WATER)
        to_loop, fan_power, pdu = self.air()
        self.back += DT * (stream * (self.to_branches - self.back) + to_loop + shaft + 200.0 * (self.dry_bulb - self.back)) / (4000.0 * CP_WATER)
        cooling += fan_power
        it = self.racks.power.sum()
        ups_out = it + pdu
        ups = 1.25e6 * (0.006 + 0.008 * ups_out / 1.25e6 + 0.012 * (ups_out / 1.25e6) ** 2)
        carried = ups_out + ups + cooling + 6e3
        utility = carried + 1.6e6 * (0.001 + 0.0065 * (carried / 1.6e6) ** 2)
        self.energy += utility * DT
        self.it_energy += it * DT
        self.water += evaporated * DT
        rows = self.racks.power.sum(1)
        self.registers += np.array([utility, ups_out, rows[0] / 2, rows[0] / 2, rows[1] / 2, rows[1] / 2, cooling]) * DT
        return self.sense(utility, cooling)

    def sense(self, utility, cooling):
        racks = self.racks
        truth = np.concatenate(
            (
                racks.inlet.ravel(),
                racks.outlet.ravel(),
                racks.power.ravel(),
                self.fan,
                self.valve,
                self.supply_air,
                self.hot[self.row_of],
                (self.supply, self.back, self.flow, self.dp, self.pump, utility, cooling, self.basin, self.tower_back),
                self.chilled,
                self.condensing,
                self.registers,
            )
        )
        truth = np.resize(truth, SENSORS)
        self.sensed = truth + (self.sensed - truth) * self.left
        return np.round((self.sensed + self.bias + self.noise * rng.standard_normal(SENSORS)) * 10.0) / 10.0


def main():
    hall = Hall()
    hall.to_branches, hall.leaving = 14.0, 22.0
    second, steps = 0.0, 0
    begun, used = time.perf_counter(), time.process_time()
    while time.perf_counter() - begun < SECONDS:
        for _ in range(100):
            hall.step(second)
            second += DT
        steps += 100
    used = time.process_time() - used
    print(f"{steps} {used:.6f} {hall.racks.inlet.max():.2f} {hall.energy / hall.it_energy:.4f}")


main()
