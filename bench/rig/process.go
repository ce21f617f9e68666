package rig

// process.go answers: what has a running process used, as /proc tells it? Next: process_unix.go.

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// ticksPerSecond is how Linux counts processor time in /proc: the same on every architecture.
const ticksPerSecond = 100

// ProcessCPU is the processor time of another process, in seconds; 0 where the system doesn't say.
func ProcessCPU(pid int) float64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name may hold blanks; the fields behind it don't. utime and stime are the 14th and 15th of all.
	fields := strings.Fields(string(raw)[strings.LastIndexByte(string(raw), ')')+1:])
	const user, system = 11, 12
	if len(fields) <= system {
		return 0
	}
	ticks := 0.0
	for _, field := range []string{fields[user], fields[system]} {
		n, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return 0
		}
		ticks += n
	}
	return ticks / ticksPerSecond
}

// ProcessWritten is how many bytes a process has handed to its files and connections; 0 where the system doesn't say.
func ProcessWritten(pid int) int64 {
	return number(fmt.Sprintf("/proc/%d/io", pid), "wchar:")
}

// PeakRSS is the most memory this process held, 0 where the system doesn't say.
func PeakRSS() int64 {
	const kilobyte = 1 << 10
	return number("/proc/self/status", "VmHWM:") * kilobyte
}

// number reads what stands behind a label in a file of the kernel's.
func number(path, label string) int64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	_, rest, found := strings.Cut(string(text), label)
	var value int64
	if n, err := fmt.Sscanf(rest, "%d", &value); !found || n != 1 || err != nil {
		return 0
	}
	return value
}
