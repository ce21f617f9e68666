// Package control lets a person watch and steer a load while it runs, over a Unix socket that only the owner may use.
//
// Read control.go (what is served, and where), then client.go (how a verb asks).
package control

// control.go answers: what is served while a load runs, and where does its socket lie? Next: client.go.

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/load"
)

const (
	// PlaceFile lies in the state folder of a migration and holds the path of its socket.
	PlaceFile  = "control"
	socketName = "control.sock"
	// longestPath is what every system takes as a socket's path: macOS has 104 bytes, one of them the end.
	longestPath = 103
	// longestRequest bounds what is read of a request: a few numbers.
	longestRequest = 64 << 10
	headerTimeout  = 10 * time.Second

	livePath   = "/live"
	limitsPath = "/limits"
)

// Flow is what is steered: a load.Valve, or what forwards to the valves of many workers.
type Flow interface {
	Live() load.Live
	SetLimits(limits load.Limits)
}

// Server serves the control of one load.
type Server struct {
	http  *http.Server
	place string
	// folder was made for the socket alone; empty where it lies in the state folder.
	folder string
	served chan error
}

// Serve makes the socket and serves until Close. Whatever an earlier process left there is replaced: the migration's
// journal lets one process at a time come here.
func Serve(stateFolder string, flow Flow) (*Server, error) {
	server := &Server{place: filepath.Join(stateFolder, PlaceFile), served: make(chan error, 1)}
	if err := sweep(server.place); err != nil {
		return nil, fmt.Errorf("take away what a killed run left: %w", err)
	}
	listener, err := server.listen(stateFolder)
	if err != nil {
		return nil, fmt.Errorf("make the control socket: %w", err)
	}
	if err := os.WriteFile(server.place, []byte(listener.Addr().String()+"\n"), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("tell where the control socket is: %w", err), listener.Close(), server.clean())
	}
	server.http = &http.Server{Handler: handler(flow), ReadHeaderTimeout: headerTimeout}
	go func() { server.served <- server.http.Serve(listener) }()
	return server, nil
}

// folderPrefix begins the names of private folders among the temporary ones.
const folderPrefix = "hikkoshi-"

// sweep removes the private folder of a run that was killed, which the place file still names.
func sweep(place string) error {
	address, err := os.ReadFile(place)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	folder := filepath.Dir(strings.TrimSpace(string(address)))
	if filepath.Dir(folder) != filepath.Clean(os.TempDir()) || !strings.HasPrefix(filepath.Base(folder), folderPrefix) {
		return nil
	}
	return os.RemoveAll(folder)
}

// listen prefers the state folder. Where its path is too long for a socket, or its file system knows none, a private
// folder among the temporary ones holds it.
func (s *Server) listen(stateFolder string) (net.Listener, error) {
	if err := os.MkdirAll(stateFolder, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(stateFolder, socketName)
	if len(path) <= longestPath {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		if listener, err := listenOwner(path); err == nil {
			return listener, nil
		}
	}
	folder, err := os.MkdirTemp("", folderPrefix)
	if err != nil {
		return nil, err
	}
	s.folder = folder
	listener, err := listenOwner(filepath.Join(folder, socketName))
	if err != nil {
		return nil, errors.Join(err, s.clean())
	}
	return listener, nil
}

// listenOwner makes a socket for its owner alone. Between the two calls the folder keeps others out: both are mode 0700.
func listenOwner(path string) (net.Listener, error) {
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}

// Close ends the serving and takes the socket away.
func (s *Server) Close() error {
	err := s.http.Close()
	if served := <-s.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return errors.Join(err, s.clean())
}

func (s *Server) clean() error {
	err := os.Remove(s.place)
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	if s.folder != "" {
		err = errors.Join(err, os.RemoveAll(s.folder))
	}
	return err
}

func handler(flow Flow) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+livePath, func(w http.ResponseWriter, _ *http.Request) { answer(w, flow.Live()) })
	mux.HandleFunc("PUT "+limitsPath, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longestRequest))
		var limits load.Limits
		if err == nil {
			decoder := json.NewDecoder(strings.NewReader(string(body)))
			decoder.DisallowUnknownFields()
			err = decoder.Decode(&limits)
		}
		if err == nil {
			err = limits.Check()
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		flow.SetLimits(limits)
		answer(w, flow.Live())
	})
	return mux
}

func answer(w http.ResponseWriter, live load.Live) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(live) // whoever asked has gone
}
