//go:build unix

package load

import (
	"bytes"
	"sync"
	"syscall"
	"testing"
	"time"
)

var buffers = sync.Pool{New: func() any { buffer := make([]byte, 256<<10); return &buffer }}

func countLines(text []byte) int { return bytes.Count(text, []byte("\n")) }

// processorTime is what this process has used so far.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
