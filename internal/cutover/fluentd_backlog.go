package cutover

// fluentd_backlog.go answers: how much has this fluentd not yet sent? Asked of its monitor_agent, where the configuration
// has one. Next: fluentd_canary.go.

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

const monitorPort = "24220"

// Backlog is what waits in the buffers of one fluentd.
type Backlog struct {
	// Known is false when the configuration has no monitor_agent to ask.
	Known bool `json:"known"`
	// Bytes wait in all buffers together; Retries counts the outputs that are trying again just now.
	Bytes   int64 `json:"bytes"`
	Retries int   `json:"retries"`
}

// Backlog asks fluentd's monitor_agent (`<source> @type monitor_agent`).
func (f *Fluentd) Backlog(ctx context.Context) (Backlog, error) {
	tree, err := loadFluentd(f.Config)
	if err != nil {
		return Backlog{}, err
	}
	address := ""
	tree.root.sections(func(s *section) {
		if s.name == "source" && isPlugin(s, "monitor_agent") {
			address = listens(s, monitorPort)
		}
	})
	if address == "" {
		return Backlog{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, rpcTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/api/plugins.json", nil)
	if err != nil {
		return Backlog{}, fmt.Errorf("ask monitor_agent: %w", err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return Backlog{}, problem("see that fluentd runs", fmt.Errorf("ask monitor_agent: %w", err))
	}
	defer answer.Body.Close()
	var said struct {
		Plugins []struct {
			BufferTotalQueuedSize int64           `json:"buffer_total_queued_size"`
			Retry                 json.RawMessage `json:"retry"`
		}
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxDumpBytes)).Decode(&said); err != nil {
		return Backlog{}, fmt.Errorf("read the answer of monitor_agent: %w", err)
	}
	backlog := Backlog{Known: true}
	for _, plugin := range said.Plugins {
		backlog.Bytes += plugin.BufferTotalQueuedSize
		// An output that does not retry says {}, or null.
		if len(plugin.Retry) > len("null") {
			backlog.Retries++
		}
	}
	return backlog, nil
}
