// This file answers: how does the server's program come onto this machine, and how is it known to be the right one?

package s3gateway

import (
	"bytes"
	"context"
	"debug/buildinfo"
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
	packages     = 580
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

	progress("versitygw " + Version + ": fetching its source and building it (once; about two minutes on two free cores)")
	said := &lines{progress: progress}
	err = tool.Run(ctx, tool.Command{
		Path: goTool, Args: []string{"install", "-v", "-trimpath", "-ldflags=-s -w", command + "@" + Version},
		Dir: building, // outside of any module, so that no go.mod or go.work of the user's steers the build
		Env: []string{"GOBIN=" + building, "GOWORK=off", "CGO_ENABLED=0", "GOOS=", "GOARCH=", "GOFLAGS="},
		Log: said,
	})
	if ctx.Err() != nil {
		return fmt.Errorf("build versitygw: %w", err)
	}
	if err != nil {
		return installHint(said.rest)
	}
	if err := os.Rename(filepath.Join(building, programName()), filepath.Join(dir, programName())); err != nil {
		return fmt.Errorf("keep built versitygw: %w", err)
	}
	return nil
}

// lines turns what go prints into progress and keeps the lines that are neither a download nor a package.
type lines struct {
	progress            func(string)
	partial             []byte
	downloads, compiled int
	rest                []string
}

// Write reads whole lines.
func (l *lines) Write(b []byte) (int, error) {
	l.partial = append(l.partial, b...)
	for {
		line, after, found := bytes.Cut(l.partial, []byte("\n"))
		if !found {
			return len(b), nil
		}
		l.line(string(line))
		l.partial = after
	}
}

func (l *lines) line(line string) {
	switch {
	case strings.HasPrefix(line, "go: downloading "):
		if l.downloads++; l.downloads%progressStep == 0 {
			l.progress(fmt.Sprintf("versitygw: %d modules fetched", l.downloads))
		}
	case line != "" && !strings.ContainsAny(line, " :\t"):
		if l.compiled++; l.compiled%progressStep == 0 {
			l.progress(fmt.Sprintf("versitygw: %d of about %d packages compiled", l.compiled, packages))
		}
	default:
		l.rest = append(l.rest, line)
	}
}

// installHint says why a build failed and what a person can do about it.
func installHint(said []string) error {
	const shown = 3 // go's last lines carry the reason
	if len(said) > shown {
		said = said[len(said)-shown:]
	}
	text := strings.Join(said, "; ")
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
	return fmt.Errorf("build versitygw: %s; %s", text, hint)
}
