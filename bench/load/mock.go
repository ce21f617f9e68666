package main

// mock.go answers: what does the client cost when the target costs nothing? A server in a process of its own that reads
// every body, answers each action with its id, and keeps nothing (or the bodies, for bare.go). It leaves out what makes a
// target a target: parsing, indexing, the disk, and a network between. Next: client.go.

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
)

const mockArgument = "mock-for-bench"

// mockOrder is what the child is told.
type mockOrder struct {
	// Version is the lab's name of what it says it is.
	Version string
	// Keep is a folder for the bodies; empty keeps none.
	Keep string
}

// mockCounts are what it was sent.
type mockCounts struct{ Requests, Documents, Bytes, Wire int64 }

// mock is the server.
type mock struct {
	order                            mockOrder
	requests, documents, bytes, wire atomic.Int64
}

func mockChild(ctx context.Context, text string) error {
	var o mockOrder
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: &mock{order: o}}
	// The parent closes the pipe when it is done, also by dying.
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = server.Close()
	}()
	if err := answer("http://" + listener.Addr().String()); err != nil {
		return err
	}
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// startMock runs the server as a child; stop ends it.
func startMock(ctx context.Context, o mockOrder) (url string, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	raw, err := json.Marshal(o)
	if err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, self, mockArgument, string(raw))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = stdin.Close()
		_ = cmd.Wait() // it has nothing left to say
	}
	if err := json.NewDecoder(stdout).Decode(&url); err != nil {
		stop()
		return "", nil, fmt.Errorf("the mock did not start: %w", err)
	}
	return url, stop, nil
}

// ServeHTTP answers as a server of the version would.
func (m *mock) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	switch {
	case strings.HasSuffix(r.URL.Path, "/_bulk"):
		if err := m.bulk(w, r); err != nil {
			http.Error(w, strconv.Quote(err.Error()), http.StatusInternalServerError)
		}
	case r.URL.Path == "/counts":
		_ = json.NewEncoder(w).Encode(mockCounts{m.requests.Load(), m.documents.Load(), m.bytes.Load(), m.wire.Load()})
	case r.URL.Path == "/":
		number, opensearch := cutOpenSearch(m.order.Version)
		distribution := ""
		if opensearch {
			distribution = `"distribution":"opensearch",`
		}
		fmt.Fprintf(w, `{"name":"mock","cluster_name":"mock","cluster_uuid":"mock","version":{%s"number":%q,"lucene_version":"6.6.0"},"tagline":"none"}`, distribution, number)
	default:
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write([]byte("{}"))
	}
}

func (m *mock) bulk(w http.ResponseWriter, r *http.Request) error {
	body := &bytes.Buffer{}
	if r.ContentLength > 0 {
		body.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	if _, err := body.ReadFrom(r.Body); err != nil {
		return err
	}
	m.wire.Add(int64(body.Len()))
	if r.Header.Get("Content-Encoding") == "gzip" {
		plain, err := gzip.NewReader(body)
		if err != nil {
			return err
		}
		inflated := &bytes.Buffer{}
		if _, err := inflated.ReadFrom(plain); err != nil {
			return err
		}
		body = inflated
	}
	number := m.requests.Add(1)
	m.bytes.Add(int64(body.Len()))
	if m.order.Keep != "" {
		if err := os.WriteFile(filepath.Join(m.order.Keep, fmt.Sprintf("%06d%s", number, bodySuffix)), body.Bytes(), 0o644); err != nil {
			return err
		}
	}
	answer, documents := answerBulk(body.Bytes(), r.URL.Query().Has("filter_path"))
	m.documents.Add(documents)
	_, err := w.Write(answer)
	return err
}

// answerBulk gives each action's index and id back, with the rest of what a server says of a document it took. brief
// leaves the status alone.
func answerBulk(body []byte, brief bool) ([]byte, int64) {
	const each = 220 // bytes of one item, about
	answer := make([]byte, 0, len(body)/each+each)
	answer = append(answer, `{"took":1,"errors":false,"items":[`...)
	documents := int64(0)
	for len(body) > 0 {
		action, rest, _ := bytes.Cut(body, []byte("\n"))
		source := bytes.IndexByte(rest, '\n')
		if documents > 0 {
			answer = append(answer, ',')
		}
		if brief {
			answer = append(answer, `{"index":{"status":201}}`...)
		} else {
			answer = appendItem(answer, action, documents)
		}
		documents++
		if source < 0 {
			break
		}
		body = rest[source+1:]
	}
	return append(answer, "]}"...), documents
}

// appendItem is the whole answer to one action.
func appendItem(answer, action []byte, number int64) []byte {
	answer = append(answer, `{"index":{"_index":"`...)
	answer = append(answer, field(action, `"_index":"`)...)
	answer = append(answer, `","_type":"_doc","_id":"`...)
	answer = append(answer, field(action, `"_id":"`)...)
	answer = append(answer, `","_version":1,"result":"created","_shards":{"total":1,"successful":1,"failed":0},"_seq_no":`...)
	answer = strconv.AppendInt(answer, number, 10)
	return append(answer, `,"_primary_term":1,"status":201}}`...)
}

// field is what stands behind a name, as it stands there, escapes and all.
func field(action []byte, name string) []byte {
	_, rest, found := bytes.Cut(action, []byte(name))
	if !found {
		return nil
	}
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case '"':
			return rest[:i]
		}
	}
	return nil
}
