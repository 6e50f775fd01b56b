"""Writes the small reference tables beside it with PsychroLib and CoolProp (both MIT). They change only when this does.

pip install psychrolib==2.5.0 CoolProp==8.0.0 && python make.py
"""
import importlib.metadata as metadata

import CoolProp
import psychrolib
from CoolProp.CoolProp import PropsSI

psychrolib.SetUnitSystem(psychrolib.SI)


def write(name, head, columns, rows):
    with open(name, "w", encoding="utf-8") as file:
        file.write(f"# {head} by sim/tests/conformance/tables/make.py\n{columns}\n")
        file.writelines(",".join(row) + "\n" for row in rows)


def moist_air():
    for t in (-20, -5, 3, 12, 20, 27, 35, 45):
        for rh in (0.1, 0.35, 0.6, 0.9, 1.0):
            for p in (101325, 80000):
                w, twb, tdp, _, h, v, _ = psychrolib.CalcPsychrometricsFromRelHum(t, rh, p)
                yield (str(t), str(rh), str(p), f"{w:.8g}", f"{twb:.5f}", f"{tdp:.5f}", f"{h:.2f}", f"{v:.6f}")


LIQUIDS = {
    "water": "Water",
    "pg-20": "INCOMP::MPG[0.20]",
    "pg-25": "INCOMP::MPG[0.25]",
    "pg-30": "INCOMP::MPG[0.30]",
    "eg-20": "INCOMP::MEG[0.20]",
    "eg-25": "INCOMP::MEG[0.25]",
    "eg-30": "INCOMP::MEG[0.30]",
}


def liquids():
    for word, name in LIQUIDS.items():
        for t in (-5, 2, 10, 20, 30, 40, 50, 60, 75, 90):
            if t < (1 if word == "water" else -5):
                continue
            figures = (PropsSI(k, "T", t + 273.15, "P", 3e5, name) for k in ("D", "C", "L", "V"))
            yield (word, str(t), *(f"{x:.6g}" for x in figures))


BOILING = {"novec-649": "Novec649", "perfluorohexane": "n-Perfluorohexane", "r1233zd-e": "R1233zd(E)"}


def boiling():
    for word, name in BOILING.items():
        for t in (-10, 0, 15, 30, 45, 60, 80, 100):
            def at(key, quality, t=t, name=name):
                return PropsSI(key, "T", t + 273.15, "Q", quality, name)
            figures = (at("P", 0), at("D", 0), at("D", 1), at("H", 1) - at("H", 0), at("C", 0))
            yield (word, str(t), *(f"{x:.6g}" for x in figures))


made = f"PsychroLib {metadata.version('psychrolib')} (MIT)"
write("moist_air.csv", made, "t_cel,rh,p_pa,w,wet_bulb_cel,dew_point_cel,h_j_per_kg,v_m3_per_kg", moist_air())
made = f"CoolProp {CoolProp.__version__} (MIT), 3 bar,"
write("liquids.csv", made, "fluid,t_cel,density,specific_heat,conductivity,viscosity", liquids())
made = f"CoolProp {CoolProp.__version__} (MIT)"
write("boiling.csv", made, "fluid,t_cel,p_sat,liquid_density,vapour_density,h_fg,specific_heat", boiling())
