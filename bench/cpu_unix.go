//go:build unix

package main

// cpu_unix.go answers: how much processor time has this process used, of all its threads?

import (
	"os"
	"runtime"
	"syscall"
)

func cpuSeconds() (float64, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9, nil
}

// maxRSS is the most memory an ended process held, in bytes.
func maxRSS(state *os.ProcessState) int64 {
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
