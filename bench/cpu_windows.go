package main

// cpu_windows.go answers: how much processor time has this process used, of all its threads?

import (
	"os"
	"syscall"
)

func cpuSeconds() (float64, error) {
	process, err := syscall.GetCurrentProcess()
	if err != nil {
		return 0, err
	}
	var created, ended, kernel, user syscall.Filetime
	if err := syscall.GetProcessTimes(process, &created, &ended, &kernel, &user); err != nil {
		return 0, err
	}
	const unit = 1e-7
	ticks := func(t syscall.Filetime) float64 { return float64(uint64(t.HighDateTime)<<32 | uint64(t.LowDateTime)) }
	return (ticks(kernel) + ticks(user)) * unit, nil
}

// maxRSS is not told by this system.
func maxRSS(*os.ProcessState) int64 { return 0 }
