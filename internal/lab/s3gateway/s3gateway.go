// Package s3gateway runs versitygw, a real S3 server with signatures checked, over a plain folder: what a program puts by
// S3 another one finds as files, and the other way round. It is fetched by `go install` into the user's cache and is no
// dependency of this module.
//
// This file answers: how is the server started, known to be up, and stopped? fetch.go comes next.
package s3gateway

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/lab/s3gateway/tool"
)

const (
	// DefaultRegion is the region the server claims to be when Options names none.
	DefaultRegion = "us-east-1"

	// healthPath is asked until the server is up; no bucket may have this name, since bucket names have no underscore.
	healthPath = "/_up"
	upPoll     = 20 * time.Millisecond
	upLimit    = 30 * time.Second
	// portTries is how many free ports are tried: another program may take one between our look and the server's start.
	portTries = 5
	minSecret = 8
)

// Options says over which folder and with which key the server runs.
type Options struct {
	Root      string       // folder whose sub-folders are the buckets; made if missing. Its sibling ROOT.gateway is the server's own
	AccessKey string       // the one key that is let in
	SecretKey string       // its secret
	Region    string       // DefaultRegion when empty
	Log       io.Writer    // the server's own output, nil for nowhere
	Progress  func(string) // told in a few words what takes time, nil for silence
}

// Gateway is a running S3 server.
type Gateway struct {
	process *tool.Process
	url     string
	root    string
	region  string
}

// URL is the server's address, as an S3 client's endpoint wants it (path style).
func (g *Gateway) URL() string { return g.url }

// Root is the folder that holds the buckets.
func (g *Gateway) Root() string { return g.root }

// Region is the region that requests must be signed for.
func (g *Gateway) Region() string { return g.region }

// Stop ends the server and returns when it is gone. The folder stays: it is the caller's.
func (g *Gateway) Stop() { g.process.Stop() }

// Start fetches the server when it is not cached yet (a minute or two), starts it, and returns when it answers. It ends
// by Stop, with ctx, or with this process, a kill -9 included.
func Start(ctx context.Context, o Options) (*Gateway, error) {
	if o.Root == "" || o.AccessKey == "" || len(o.SecretKey) < minSecret {
		return nil, fmt.Errorf("s3 gateway: a root folder, an access key and a secret of at least %d characters are needed", minSecret)
	}
	if o.Region == "" {
		o.Region = DefaultRegion
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	root, err := filepath.Abs(o.Root)
	if err != nil {
		return nil, fmt.Errorf("s3 gateway: %w", err)
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, fmt.Errorf("s3 gateway: make root folder: %w", err)
	}
	o.Root = root
	binary, err := Fetch(ctx, o.Progress)
	if err != nil {
		return nil, err
	}
	var last error
	for range portTries {
		g, err := start(ctx, binary, o)
		if err == nil {
			return g, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		last = err
	}
	return nil, fmt.Errorf("s3 gateway: %w", last)
}

// start tries one port.
func start(ctx context.Context, binary string, o Options) (*Gateway, error) {
	port, err := tool.FreePort()
	if err != nil {
		return nil, err
	}
	address := "127.0.0.1:" + strconv.Itoa(port)
	own := o.Root + ".gateway"
	// With a folder for accounts, empty as it stays, an unknown key is refused as S3 refuses it (403 InvalidAccessKeyId);
	// without one the answer is a 404 of the server's own.
	accounts, notes := filepath.Join(own, "accounts"), filepath.Join(own, "notes")
	for _, dir := range []string{accounts, notes} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("make the server's own folder: %w", err)
		}
	}
	args := []string{"--port", address, "--region", o.Region, "--health", healthPath, "--iam-dir", accounts, "--quiet", "--keep-alive", "posix"}
	if !keepsAttributes(o.Root) {
		// Without extended attributes the server's notes (ETags, bucket settings) need a folder.
		args = append(args, "--sidecar", notes)
	}
	process, err := tool.Start(ctx, tool.Command{
		Path: binary,
		Args: append(args, o.Root),
		Env:  []string{"ROOT_ACCESS_KEY=" + o.AccessKey, "ROOT_SECRET_KEY=" + o.SecretKey},
		Dir:  o.Root,
		Log:  o.Log,
	})
	if err != nil {
		return nil, err
	}
	g := &Gateway{process: process, url: "http://" + address, root: o.Root, region: o.Region}
	if err := g.waitUp(ctx); err != nil {
		process.Stop()
		return nil, err
	}
	return g, nil
}

// waitUp returns when the server answers.
func (g *Gateway) waitUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, upLimit, fmt.Errorf("no answer within %s: %s", upLimit, g.process.Tail()))
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.url+healthPath, nil)
		if err != nil {
			return err
		}
		if res, err := client.Do(req); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-g.process.Done():
			return g.process.Exited()
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(upPoll):
		}
	}
}
