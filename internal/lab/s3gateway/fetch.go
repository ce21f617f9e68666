// This file answers: how does the server's program come onto this machine, and how is it known to be the right one?

package s3gateway

import (
	"bufio"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/lab/s3gateway/tool"
)

const (
	// Version is the release of versitygw that is run.
	Version = "v1.8.0"

	module  = "github.com/versity/versitygw"
	command = module + "/cmd/versitygw"
	// moduleSum is the Go module sum of that release: go install checks it against the sum database while fetching, and we
	// check what the built program says of itself.
	moduleSum = "h1:au+wI+aybno/STsQiSm35Uu6Q6iK5MWReQxgO6SEMFc="

	// packages is about how many packages a cold build compiles, for the progress line only.
	packages     = 420
	progressStep = 25
)

// Fetch returns the path of the server's program, built into the cache when it is not there. Several processes may call
// it at once: one builds, the others wait.
func Fetch(ctx context.Context, progress func(string)) (string, error) {
	if progress == nil {
		progress = func(string) {}
	}
	dir, err := tool.CacheDir("versitygw-" + Version)
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, programName())
	if checkBinary(binary) == nil {
		return binary, nil
	}
	unlock, err := tool.Lock(ctx, filepath.Join(dir, "lock"), func() { progress("versitygw: another process is building it, waiting") })
	if err != nil {
		return "", err
	}
	defer unlock()
	if checkBinary(binary) == nil {
		return binary, nil
	}
	if err := install(ctx, dir, progress); err != nil {
		return "", err
	}
	if err := checkBinary(binary); err != nil {
		return "", fmt.Errorf("built versitygw: %w", err)
	}
	return binary, nil
}

func programName() string {
	if runtime.GOOS == "windows" {
		return "versitygw.exe"
	}
	return "versitygw"
}

// checkBinary reads the module version and sum that the Go linker wrote into the program.
func checkBinary(path string) error {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return err
	}
	if info.Main.Path != module || info.Main.Version != Version || info.Main.Sum != moduleSum {
		return fmt.Errorf("%s is %s %s %s, not %s %s %s; remove it and try again",
			path, info.Main.Path, info.Main.Version, info.Main.Sum, module, Version, moduleSum)
	}
	return nil
}

// install runs go install into a folder beside the cached program and moves the result into place: a build that is
// killed leaves no half program where the next run looks.
func install(ctx context.Context, dir string, progress func(string)) error {
	goTool, err := exec.LookPath("go")
	if err != nil {
		return fmt.Errorf("build versitygw: %w; install Go (go.dev/doc/install) or put it on PATH", err)
	}
	building := filepath.Join(dir, "building")
	if err := os.RemoveAll(building); err != nil {
		return fmt.Errorf("clear an unfinished build: %w", err)
	}
	if err := os.MkdirAll(building, 0o755); err != nil {
		return fmt.Errorf("make build folder: %w", err)
	}
	defer os.RemoveAll(building)

	progress("versitygw " + Version + ": fetching its source and building it (once; one to three minutes)")
	cmd := exec.CommandContext(ctx, goTool, "install", "-v", "-trimpath", "-ldflags=-s -w", command+"@"+Version)
	cmd.Dir = building // outside of any module, so that no go.mod or go.work of the user's steers the build
	cmd.Env = append(os.Environ(), "GOBIN="+building, "GOWORK=off", "CGO_ENABLED=0", "GOOS=", "GOARCH=", "GOFLAGS=")
	out, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("build versitygw: %w", err)
	}
	last := follow(bufio.NewScanner(out), progress)
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("build versitygw: %w", context.Cause(ctx))
		}
		return installHint(err, last)
	}
	if err := os.Rename(filepath.Join(building, programName()), filepath.Join(dir, programName())); err != nil {
		return fmt.Errorf("keep built versitygw: %w", err)
	}
	return nil
}

// follow turns go's lines into progress and returns the lines that are neither a download nor a package.
func follow(lines *bufio.Scanner, progress func(string)) (rest []string) {
	downloads, compiled := 0, 0
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "go: downloading "):
			if downloads++; downloads%progressStep == 0 {
				progress(fmt.Sprintf("versitygw: %d modules fetched", downloads))
			}
		case line != "" && !strings.ContainsAny(line, " :\t"):
			if compiled++; compiled%progressStep == 0 {
				progress(fmt.Sprintf("versitygw: %d of about %d packages compiled", compiled, packages))
			}
		default:
			rest = append(rest, line)
		}
	}
	return rest
}

// installHint says what a person can do about a failed build.
func installHint(err error, lines []string) error {
	const shown = 3 // go's last lines carry the reason
	if len(lines) > shown {
		lines = lines[len(lines)-shown:]
	}
	text := strings.Join(lines, "; ")
	hint := "try `go install " + command + "@" + Version + "` by hand to see more"
	switch {
	case strings.Contains(text, "no space left"):
		hint = "free about 1 GB of disk in the Go build cache and the cache folder"
	case strings.Contains(text, "dial tcp"), strings.Contains(text, "no such host"), strings.Contains(text, "i/o timeout"), strings.Contains(text, "connection re"):
		hint = "check the network and GOPROXY"
	case strings.Contains(text, "SECURITY ERROR"), strings.Contains(text, "checksum mismatch"):
		hint = "what the module proxy served is not the published release: check GOPROXY"
	case strings.Contains(text, "requires go >="):
		hint = "install a newer Go"
	}
	return errors.Join(fmt.Errorf("build versitygw: %w: %s", err, text), errors.New(hint))
}
