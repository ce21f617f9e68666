package rig

// machine.go answers: on what was measured? Next: call.go.

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// Machine tells processor, system, Go and Java, a line each, as a report has them.
func Machine(ctx context.Context) []string {
	cpu := "unknown processor"
	if raw, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, ok := strings.Cut(string(raw), "model name"); ok {
			name, _, _ := strings.Cut(rest, "\n")
			cpu = strings.Trim(name, "\t: ")
		}
	}
	lines := []string{fmt.Sprintf("%s, %d processors, %s/%s, %s", cpu, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())}
	if out, err := exec.CommandContext(ctx, "java", "-version").CombinedOutput(); err == nil {
		first, _, _ := strings.Cut(string(out), "\n")
		lines = append(lines, strings.TrimSpace(first))
	}
	return lines
}

// LoadAverage is what the system says of the last 1, 5 and 15 minutes; empty where it doesn't.
func LoadAverage() string {
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	const averages = 3
	return strings.Join(strings.Fields(string(raw))[:averages], " ")
}
