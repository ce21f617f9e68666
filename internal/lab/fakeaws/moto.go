// This file answers: how does moto, a second opinion on IAM, STS and S3 that is not ours, come onto this machine and start? It is
// a Python package: a virtual environment in the cache holds exactly the pinned release.

package fakeaws

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/lab/s3gateway/tool"
)

const (
	// MotoVersion is the release of moto that judges.
	MotoVersion = "5.2.5"

	// motoDone is written last: an environment without it was cut off and is made anew.
	motoDone    = "complete"
	motoUpLimit = time.Minute
	motoPoll    = 50 * time.Millisecond
	// motoPorts is how many free ports are tried, since another program may take one first.
	motoPorts = 3
)

// MotoOptions says how moto is started.
type MotoOptions struct {
	Log      io.Writer    // moto's own output, nil for nowhere
	Progress func(string) // told what takes time, nil for silence
}

// Moto is a running moto server. It accepts any key: it judges the form of calls, not who makes them.
type Moto struct {
	process *tool.Process
	url     string
}

// URL is the server's address: what AWS_ENDPOINT_URL wants.
func (m *Moto) URL() string { return m.url }

// Stop ends the server and returns when it is gone.
func (m *Moto) Stop() { m.process.Stop() }

// StartMoto installs moto into the cache when it is not there (a minute, 320 MB), starts it, and returns when it answers.
func StartMoto(ctx context.Context, o MotoOptions) (*Moto, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	python, err := motoPython(ctx, o.Progress)
	if err != nil {
		return nil, fmt.Errorf("moto: %w", err)
	}
	var last error
	for range motoPorts {
		m, err := startMoto(ctx, python, o)
		if err == nil {
			return m, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("moto: %w", context.Cause(ctx))
		}
		last = err
	}
	return nil, fmt.Errorf("moto: %w", last)
}

// startMoto tries one port.
func startMoto(ctx context.Context, python string, o MotoOptions) (*Moto, error) {
	port, err := tool.FreePort()
	if err != nil {
		return nil, err
	}
	process, err := tool.Start(ctx, tool.Command{
		Path: python, Args: []string{"-m", "moto.server", "-H", "127.0.0.1", "-p", strconv.Itoa(port)},
		// moto signs some answers itself and needs some key for it.
		Env: []string{"AWS_ACCESS_KEY_ID=moto", "AWS_SECRET_ACCESS_KEY=moto", "PYTHONDONTWRITEBYTECODE=1"},
		Log: o.Log,
	})
	if err != nil {
		return nil, err
	}
	m := &Moto{process: process, url: fmt.Sprintf("http://127.0.0.1:%d", port)}
	if err := m.waitUp(ctx); err != nil {
		process.Stop()
		return nil, err
	}
	return m, nil
}

// waitUp returns when the server answers.
func (m *Moto) waitUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, motoUpLimit, fmt.Errorf("no answer within %s", motoUpLimit))
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.url+"/moto-api/data.json", nil)
		if err != nil {
			return err
		}
		if res, err := http.DefaultClient.Do(req); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-m.process.Done():
			return m.process.Exited()
		case <-ctx.Done():
			return fmt.Errorf("%w: %s", context.Cause(ctx), m.process.Tail())
		case <-time.After(motoPoll):
		}
	}
}

// motoPython returns the interpreter of the environment that holds moto, made when it is not there.
func motoPython(ctx context.Context, progress func(string)) (string, error) {
	dir, err := tool.CacheDir("moto-" + MotoVersion)
	if err != nil {
		return "", err
	}
	venv := filepath.Join(dir, "venv")
	python := filepath.Join(venv, "bin", "python")
	if runtime.GOOS == "windows" {
		python = filepath.Join(venv, "Scripts", "python.exe")
	}
	done := filepath.Join(venv, motoDone)
	unlock, err := tool.Lock(ctx, filepath.Join(dir, "lock"), func() { progress("moto: another process is installing it, waiting") })
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(done); err == nil {
		return python, nil
	}
	base, err := exec.LookPath("python3")
	if err != nil {
		return "", fmt.Errorf("%w; install Python 3.10 or newer with its venv module", err)
	}
	if err := os.RemoveAll(venv); err != nil {
		return "", fmt.Errorf("clear an unfinished environment: %w", err)
	}
	progress("moto " + MotoVersion + ": making a Python environment and installing it (once; about a minute)")
	if err := tool.Run(ctx, tool.Command{Path: base, Args: []string{"-m", "venv", venv}}); err != nil {
		return "", motoHint("make a Python environment", err)
	}
	install := []string{"-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "moto[server]==" + MotoVersion}
	if err := tool.Run(ctx, tool.Command{Path: python, Args: install}); err != nil {
		return "", motoHint("install moto", err)
	}
	if err := os.WriteFile(done, []byte(MotoVersion+"\n"), 0o644); err != nil {
		return "", fmt.Errorf("mark the environment complete: %w", err)
	}
	return python, nil
}

// motoHint says what a person can do about a failed installation.
func motoHint(what string, err error) error {
	text, hint := err.Error(), "see pip's words above"
	switch {
	case strings.Contains(text, "ensurepip"), strings.Contains(text, "No module named venv"):
		hint = "install Python's venv module (on Debian: apt install python3-venv)"
	case strings.Contains(text, "No space left"):
		hint = "free about 400 MB of disk in the cache folder"
	case strings.Contains(text, "Could not find a version"), strings.Contains(text, "onnection"), strings.Contains(text, "resolve"):
		hint = "check the network and pip's index settings"
	}
	return fmt.Errorf("%s: %w; %s", what, err, hint)
}
