package main

// profile.go answers: in which functions does reading spend its time?

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const profileLines = 10

// profile reads one index under the profiler and keeps the heaviest functions.
func (r *results) profile(ctx context.Context, repository string, one benchCase, size int) error {
	work, err := os.MkdirTemp("", "hikkoshi-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	file := filepath.Join(work, "cpu.pprof")
	if _, err := runChild(ctx, repository, one.index(size), 1, 1, []string{methodNull}, file); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, "go", "tool", "pprof", "-top", fmt.Sprintf("-nodecount=%d", profileLines), "-ignore=asyncPreempt", self, file).Output()
	if err != nil {
		return fmt.Errorf("go tool pprof: %w", err)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "**%s, %d bytes**\n\n| share | function |\n|---|---|\n", one.format, size)
	for line := range strings.Lines(string(out)) {
		// flat flat% sum% cum cum% function
		fields := strings.Fields(line)
		const functionAt = 5
		if len(fields) > functionAt && strings.HasSuffix(fields[1], "%") {
			name := strings.Join(fields[functionAt:], " ")
			name = strings.TrimPrefix(name, "github.com/hikkoshi/hikkoshi/")
			fmt.Fprintf(&text, "| %s | `%s` |\n", fields[1], name)
		}
	}
	r.entries = append(r.entries, entry{Case: one.name, Size: size, Profile: text.String()})
	return nil
}
