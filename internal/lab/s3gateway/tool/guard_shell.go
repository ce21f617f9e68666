//go:build unix

// This file answers: who ends the program when we are killed and the kernel does not do it? A shell of three lines.

package tool

import (
	"os"
	"os/exec"
	"syscall"
)

// guardScript starts the program given by its arguments and waits, in the background, for the end of standard input:
// that is a pipe which we hold, so it ends when we do, kill -9 included. Whichever ends first ends the other.
const guardScript = `exec 3<&0
"$@" </dev/null 3<&- &
program=$!
(cat <&3 >/dev/null; kill -9 $program 2>/dev/null) </dev/null >/dev/null 2>&1 &
watcher=$!
exec 3<&-
trap 'kill -TERM $program 2>/dev/null' TERM INT
wait $program
code=$?
kill -0 $program 2>/dev/null && { wait $program; code=$?; }
kill $watcher 2>/dev/null
exit $code`

// shellGuarded makes a command that runs the program under the guarding shell, in a process group of its own.
func shellGuarded(path string, args []string) *exec.Cmd {
	cmd := exec.Command("/bin/sh", append([]string{"-c", guardScript, "guard", path}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// holdPipe gives cmd the pipe whose other end only we hold.
func holdPipe(cmd *exec.Cmd) (release func(), err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdin = r
	return func() { r.Close(); w.Close() }, nil
}

// The whole group gets the signal: under the shell guard the program is a child of the process we know.
func interrupt(cmd *exec.Cmd) { syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
func kill(cmd *exec.Cmd)      { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
