//go:build unix

package rig

// process_unix.go answers: what has a process used, of all its threads? Next: machine.go.

import (
	"os"
	"runtime"
	"syscall"
)

// CPUSeconds is the processor time of this process so far.
func CPUSeconds() (float64, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9, nil
}

// MaxRSS is the most memory an ended process held, in bytes.
func MaxRSS(state *os.ProcessState) int64 {
	u, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return u.Maxrss
	}
	const kilobyte = 1 << 10
	return u.Maxrss * kilobyte
}
