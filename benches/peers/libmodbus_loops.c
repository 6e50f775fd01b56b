/*
 * The peer in C: bare libmodbus, one thread, one connection a port.
 *
 * libmodbus_loops each|scan|read UNITS REGISTERS PERIOD_MS PORT...
 *   each  for each loop: read, PID, write, read back
 *   scan  read everything, decide, write and read back everything
 *   read  read only; flat out when the period is 0
 */
#include <errno.h>
#include <math.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_PORTS = 64, MOST_UNITS = 248 };

struct pid {
    double integral;
    double inlet;
};

static modbus_t *lines[MOST_PORTS];
static struct pid loops[MOST_PORTS][MOST_UNITS];
static volatile double values[125];

static void stop(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, modbus_strerror(errno));
    exit(1);
}

static void sense(int port, int unit)
{
    uint16_t word;
    modbus_set_slave(lines[port], unit);
    if (modbus_read_input_registers(lines[port], 0, 1, &word) != 1)
        stop("read");
    loops[port][unit].inlet = word * 0.01;
}

static void act(int port, int unit)
{
    struct pid *pid = &loops[port][unit];
    double error = pid->inlet - 28.01;
    double duty;
    uint16_t word, back;

    pid->integral = fmin(50.0, fmax(-50.0, pid->integral + 0.05 * error));
    duty = fmin(100.0, fmax(20.0, 50.0 + 50.0 * error + pid->integral));
    word = (uint16_t)lround(duty * 10.0);
    modbus_set_slave(lines[port], unit);
    if (modbus_write_register(lines[port], 0, word) != 1)
        stop("write");
    if (modbus_read_registers(lines[port], 0, 1, &back) != 1 || back != word)
        stop("read back");
}

static void read_all(int port, int unit, int registers)
{
    uint16_t words[125];
    modbus_set_slave(lines[port], unit);
    if (modbus_read_input_registers(lines[port], 0, registers, words) != registers)
        stop("read");
    for (int n = 0; n < registers; n++)
        values[n] = words[n] * 0.1;
}

static void cycle(char mode, int ports, int units, int registers)
{
    for (int port = 0; port < ports; port++)
        for (int unit = 1; unit <= units; unit++) {
            if (mode == 'r') {
                read_all(port, unit, registers);
            } else {
                sense(port, unit);
                if (mode == 'e')
                    act(port, unit);
            }
        }
    if (mode != 's')
        return;
    for (int port = 0; port < ports; port++)
        for (int unit = 1; unit <= units; unit++)
            act(port, unit);
}

static long long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv)
{
    if (argc < 6)
        return 2;
    char mode = argv[1][0];
    int units = atoi(argv[2]), registers = atoi(argv[3]), ports = argc - 5;
    long long period = atoll(argv[4]) * 1000000LL;
    if (ports > MOST_PORTS || units >= MOST_UNITS || registers > 125)
        return 2;
    for (int n = 0; n < ports; n++) {
        lines[n] = modbus_new_tcp("127.0.0.1", atoi(argv[5 + n]));
        if (!lines[n] || modbus_connect(lines[n]) != 0)
            stop("connect");
    }
    long long due = now();
    for (;;) {
        cycle(mode, ports, units, registers);
        if (period == 0)
            continue;
        due += period;
        if (due < now())
            due += (now() - due) / period * period; /* missed periods are gone */
        struct timespec at = {due / 1000000000LL, due % 1000000000LL};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
    }
}
