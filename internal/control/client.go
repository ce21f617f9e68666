package control

// client.go answers: how does a verb ask a load that another process runs? Next: cmd/hikkoshi/control.go.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/load"
)

// ErrNoLoad says that nothing is being loaded.
var ErrNoLoad = errors.New("no load is running")

// Client asks a running load.
type Client struct{ http *http.Client }

// Open finds the load of a migration by its state folder.
func Open(stateFolder string) (*Client, error) {
	place, err := os.ReadFile(filepath.Join(stateFolder, PlaceFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNoLoad
	}
	if err != nil {
		return nil, fmt.Errorf("find the control socket: %w", err)
	}
	path := strings.TrimSpace(string(place))
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}
	return &Client{http: &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}, Timeout: headerTimeout}}, nil
}

// Live asks for the numbers of the moment.
func (c *Client) Live(ctx context.Context) (load.Live, error) {
	return c.call(ctx, http.MethodGet, livePath, "")
}

// SetLimits replaces what is allowed.
func (c *Client) SetLimits(ctx context.Context, limits load.Limits) (load.Live, error) {
	body, err := json.Marshal(limits)
	if err != nil {
		return load.Live{}, fmt.Errorf("encode limits: %w", err)
	}
	return c.call(ctx, http.MethodPut, limitsPath, string(body))
}

func (c *Client) call(ctx context.Context, method, path, body string) (load.Live, error) {
	var live load.Live
	request, err := http.NewRequestWithContext(ctx, method, "http://load"+path, strings.NewReader(body))
	if err != nil {
		return live, fmt.Errorf("ask the load: %w", err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return live, context.Cause(ctx)
		}
		var failure *net.OpError
		if errors.As(err, &failure) && failure.Op == "dial" {
			return live, fmt.Errorf("%w: the process that had the socket has ended", ErrNoLoad)
		}
		return live, fmt.Errorf("ask the load: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // read to its end or given up
	text, err := io.ReadAll(io.LimitReader(response.Body, longestRequest))
	if err != nil {
		return live, fmt.Errorf("read the load's answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return live, fmt.Errorf("the load refuses: %s", strings.TrimSpace(string(text)))
	}
	if err := json.Unmarshal(text, &live); err != nil {
		return live, fmt.Errorf("read the load's answer: %w", err)
	}
	return live, nil
}
