package lab

// os_windows.go answers: what does the lab ask of Windows (locks, free space)?

import (
	"os"
	"os/exec"

	"golang.org/x/sys/windows"
)

func lockFile(file *os.File) error {
	return windows.LockFileEx(windows.Handle(file.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK, 0, 1, 0, new(windows.Overlapped))
}

func lockedByAnother(file *os.File) (bool, error) {
	handle := windows.Handle(file.Fd())
	err := windows.LockFileEx(handle, windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, new(windows.Overlapped))
	if err == windows.ERROR_LOCK_VIOLATION {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return false, windows.UnlockFileEx(handle, 0, 1, 0, new(windows.Overlapped))
}

func freeBytes(dir string) (int64, error) {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	var free uint64
	err = windows.GetDiskFreeSpaceEx(path, &free, nil, nil)
	return int64(free), err
}

func ownGroup(*exec.Cmd, bool) {}

// terminate kills: Windows has no signal that a JVM without a console would see.
func terminate(process *os.Process) error { return process.Kill() }

const exeSuffix = ".exe"
