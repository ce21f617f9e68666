package rig

// process_windows.go answers: what has a process used, of all its threads? Next: machine.go.

import (
	"os"
	"syscall"
)

// CPUSeconds is the processor time of this process so far.
func CPUSeconds() (float64, error) {
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

// MaxRSS is not told by this system.
func MaxRSS(*os.ProcessState) int64 { return 0 }
