package shipper

// output.go answers: how does a chunk get to the cluster? As fluentd's elasticsearch plugin does it: the version is asked
// once, the items' answers decide what is done, refused, or tried again. Next: shipper.go.

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	dayFormat   = "2006.01.02"
	answerLimit = 64 << 20
	// requestLimit is the plugin's default for request_timeout, lengthened: the lab's nodes share cores with tests.
	requestLimit = 30 * time.Second
	// 7 forces the type _doc, 8 takes none.
	majorForcedType, majorNoType = 7, 8
)

// output sends the chunks of one buffer.
type output struct {
	outputConfig
	buffer *buffer
	client *http.Client
	ledger *ledger
	refuse func(e event, reason string) error
	wake   chan struct{}
	// stop ends run between two requests: one that is under way is waited for, since its events may be written already.
	stop    chan struct{}
	retries atomic.Int64
	// major is the target's, asked once; zero means not yet.
	major int
}

// run flushes until it is told to stop. What fails is tried again for ever, with growing pauses.
func (o *output) run(ctx context.Context) error {
	pause := o.outputConfig.buffer.retryWait
	timer := time.NewTimer(o.outputConfig.buffer.flushInterval)
	defer timer.Stop()
	for {
		select {
		case <-o.stop:
			return nil
		case <-timer.C:
		case <-o.wake:
		}
		if err := o.buffer.flush(); err != nil {
			return err
		}
		err := o.sendAll(ctx)
		wait := o.outputConfig.buffer.flushInterval
		switch {
		case errors.Is(err, errTarget):
			o.retries.Add(1)
			wait, pause = pause, min(2*pause, o.outputConfig.buffer.retryMaxInterval)
		case err != nil:
			return err
		default:
			pause = o.outputConfig.buffer.retryWait
		}
		timer.Reset(wait)
	}
}

// errTarget marks what the cluster or the way to it is to blame for; all of it is tried again.
var errTarget = errors.New("target")

func (o *output) sendAll(ctx context.Context) error {
	chunks, err := o.buffer.chunks()
	if err != nil {
		return err
	}
	for _, chunk := range chunks {
		if o.stopping() {
			return nil
		}
		events, err := o.buffer.read(chunk)
		if err != nil {
			return err
		}
		if err := o.sendChunk(ctx, chunk, events); err != nil {
			return err
		}
	}
	return nil
}

func (o *output) sendChunk(ctx context.Context, chunk string, events []event) error {
	if len(events) == 0 {
		return o.buffer.replace(chunk, nil)
	}
	statuses, err := o.bulk(ctx, events)
	if err != nil {
		return err
	}
	var again []event
	for i, e := range events {
		switch status := statuses[i]; {
		case status.code/100 == 2, status.code == http.StatusConflict && o.action == "create":
			if err := o.ledger.write(Ack{ID: e.ID, Index: o.indexOf(e), URL: o.url}); err != nil {
				return err
			}
		case status.code == http.StatusBadRequest:
			if err := o.refuse(e, status.reason); err != nil {
				return err
			}
		default:
			again = append(again, e)
		}
	}
	// The ledger comes first: killed in between, the chunk is sent again under the same ids.
	if err := o.buffer.replace(chunk, again); err != nil {
		return err
	}
	if len(again) > 0 {
		return fmt.Errorf("%w refused %d of %d events for now", errTarget, len(again), len(events))
	}
	return nil
}

func (o *output) stopping() bool {
	select {
	case <-o.stop:
		return true
	default:
		return false
	}
}

type itemStatus struct {
	code   int
	reason string
}

func (o *output) bulk(ctx context.Context, events []event) ([]itemStatus, error) {
	if err := o.askVersion(ctx); err != nil {
		return nil, err
	}
	var body bytes.Buffer
	for _, e := range events {
		meta := map[string]string{"_index": o.indexOf(e)}
		if o.idKey != "" {
			meta["_id"] = e.ID
		}
		switch {
		case o.major >= majorNoType || o.major >= majorForcedType && o.suppress:
		case o.major >= majorForcedType:
			meta["_type"] = "_doc"
		default:
			meta["_type"] = o.typeName
		}
		line, err := json.Marshal(map[string]any{o.action: meta})
		if err != nil {
			return nil, fmt.Errorf("encode a bulk line: %w", err)
		}
		body.Write(line)
		body.WriteByte('\n')
		body.Write(e.Record)
		body.WriteByte('\n')
	}
	answer, err := o.call(ctx, http.MethodPost, "/_bulk", body.Bytes())
	if err != nil {
		return nil, err
	}
	var parsed struct {
		Items []map[string]struct {
			Status int             `json:"status"`
			Error  json.RawMessage `json:"error"`
		} `json:"items"`
	}
	if err := json.Unmarshal(answer, &parsed); err != nil || len(parsed.Items) != len(events) {
		return nil, fmt.Errorf("%w answered a bulk of %d with something else", errTarget, len(events))
	}
	statuses := make([]itemStatus, len(events))
	for i, entry := range parsed.Items {
		for _, item := range entry {
			statuses[i] = itemStatus{item.Status, string(item.Error)}
		}
	}
	return statuses, nil
}

// askVersion asks once per start or reload, as the plugin does; a node that hides its version is asked for its nodes.
func (o *output) askVersion(ctx context.Context) error {
	if o.major != 0 {
		return nil
	}
	var root struct {
		Version struct{ Number, Distribution string }
	}
	answer, err := o.call(ctx, http.MethodGet, "/", nil)
	if err == nil && json.Unmarshal(answer, &root) == nil && root.Version.Number != "" {
		o.major = major(root.Version.Number, root.Version.Distribution)
		return nil
	}
	var all struct {
		Nodes map[string]struct{ Version string }
	}
	if answer, err = o.call(ctx, http.MethodGet, "/_nodes", nil); err != nil {
		return err
	}
	if err := json.Unmarshal(answer, &all); err != nil {
		return fmt.Errorf("%w does not tell its version: %w", errTarget, err)
	}
	for _, node := range all.Nodes {
		o.major = major(node.Version, "")
	}
	return nil
}

// major counts OpenSearch 1 as 7 and later ones as 8, which is what they take in a bulk line.
func major(number, distribution string) int {
	first, _, _ := strings.Cut(number, ".")
	value, err := strconv.Atoi(first)
	if err != nil {
		return 0
	}
	if distribution == "opensearch" {
		return min(value+majorForcedType-1, majorNoType)
	}
	return value
}

func (o *output) call(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, o.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/x-ndjson")
	}
	if o.user != "" {
		request.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(o.user+":"+o.password)))
	}
	response, err := o.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errTarget, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, answerLimit))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errTarget, err)
	}
	if response.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%w answered %s", errTarget, response.Status)
	}
	return answer, nil
}

// indexOf is the plugin's logstash_format: the event's own day, in UTC.
func (o *output) indexOf(e event) string {
	if o.prefix == "" {
		return o.index
	}
	return o.prefix + "-" + e.Time.UTC().Format(dayFormat)
}
