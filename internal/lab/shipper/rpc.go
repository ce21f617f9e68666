package shipper

// rpc.go answers: how is the shipper steered and watched from outside? With fluentd's own addresses, so that what
// reloads fluentd reloads this.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// headerLimit ends connections that never ask.
const headerLimit = 10 * time.Second

// server is one listener with its handler.
type server struct {
	http *http.Server
	done chan error
}

// listen opens what the configuration names. Like fluentd, a reload keeps these as they were at the start.
func (s *Shipper) listen(ctx context.Context, c config) error {
	rpc := http.NewServeMux()
	// config.reload restarts the workers and exists since 0.12; gracefulReload keeps them and exists since 1.9.
	for _, path := range []string{"/api/config.reload", "/api/config.gracefulReload"} {
		rpc.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { answer(w, s.Reload()) })
	}
	rpc.HandleFunc("/api/plugins.flushBuffers", func(w http.ResponseWriter, _ *http.Request) {
		s.FlushNow()
		answer(w, nil)
	})
	monitor := http.NewServeMux()
	monitor.HandleFunc("GET /api/plugins.json", s.plugins)
	for _, endpoint := range []struct {
		address string
		handler http.Handler
	}{{c.rpc, rpc}, {c.monitor, monitor}} {
		if endpoint.address == "" {
			continue
		}
		if err := s.serve(ctx, endpoint.address, endpoint.handler); err != nil {
			return err
		}
	}
	return nil
}

func (s *Shipper) serve(ctx context.Context, address string, handler http.Handler) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen for fluentd's RPC: %w", err)
	}
	one := &server{http: &http.Server{Handler: handler, ReadHeaderTimeout: headerLimit}, done: make(chan error, 1)}
	go func() { one.done <- one.http.Serve(listener) }()
	s.servers = append(s.servers, one)
	return nil
}

func (s *Shipper) closeServers(ctx context.Context) error {
	var all error
	for _, one := range s.servers {
		all = errors.Join(all, one.http.Shutdown(ctx))
		if err := <-one.done; !errors.Is(err, http.ErrServerClosed) {
			all = errors.Join(all, err)
		}
	}
	return all
}

func answer(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		write(w, map[string]any{"ok": false, "message": err.Error()})
		return
	}
	write(w, map[string]any{"ok": true})
}

// write sends JSON; an asker who has gone away has no use for the error.
func write(w http.ResponseWriter, value any) { _ = json.NewEncoder(w).Encode(value) }

// plugins answers as monitor_agent does, with the fields that a cutover watches.
func (s *Shipper) plugins(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []map[string]any{}
	for _, o := range s.flow.outputs {
		chunks, bytes, err := o.buffer.backlog()
		if err != nil {
			answer(w, err)
			return
		}
		list = append(list, map[string]any{
			"plugin_id": o.id, "plugin_category": "output", "type": "elasticsearch", "output_plugin": true,
			"buffer_queue_length": chunks, "buffer_total_queued_size": bytes, "retry_count": o.retries.Load(),
		})
	}
	w.Header().Set("Content-Type", "application/json")
	write(w, map[string]any{"plugins": list})
}
