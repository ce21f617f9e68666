// Package faults stands between a client and a real server and does to their talk what networks and busy servers do:
// refusals, silence, lost requests, lost and cut answers, slowness. What goes wrong is the test's choice, request by
// request, so that a run can be repeated.
package faults

// faults.go answers: what may happen to one request?

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// Fault is what happens to one request. The zero value passes it on.
type Fault struct {
	// Status answers in place of the server, with Body.
	Status int
	Body   string
	// Drop ends the connection before the server sees the request, Lose after the server has answered.
	Drop, Lose bool
	// Cut ends the connection after so many bytes of the answer's body; 0 lets all through.
	Cut int64
	// Slow waits before each piece of the answer.
	Slow time.Duration
}

// Proxy is a running proxy.
type Proxy struct {
	url    string
	server *http.Server
	served chan error
	count  atomic.Int64
	hurt   atomic.Int64
}

// faultKey carries a request's fault to its answer.
type faultKey struct{}

// Start puts a proxy in front of a server. decide is asked for each request, with its number from 0.
func Start(server string, decide func(number int, request *http.Request) Fault) (*Proxy, error) {
	target, err := url.Parse(server)
	if err != nil {
		return nil, fmt.Errorf("stand before %s: %w", server, err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("stand before %s: %w", server, err)
	}
	proxy := &Proxy{url: "http://" + listener.Addr().String(), served: make(chan error, 1)}
	// The Host header stays, since signatures hold it.
	forward := &httputil.ReverseProxy{
		Director:       func(r *http.Request) { r.URL.Scheme, r.URL.Host = target.Scheme, target.Host },
		ModifyResponse: hurtAnswer,
		FlushInterval:  -1,
		ErrorLog:       log.New(io.Discard, "", 0), // what is lost is lost on purpose
		ErrorHandler:   func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	var one sync.Mutex // decide may count without locks of its own
	proxy.server = &http.Server{ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		one.Lock()
		fault := decide(int(proxy.count.Add(1)-1), r)
		one.Unlock()
		if fault != (Fault{}) {
			proxy.hurt.Add(1)
		}
		switch {
		case fault.Drop:
			panic(http.ErrAbortHandler)
		case fault.Status != 0:
			_, _ = io.Copy(io.Discard, r.Body) // a server that answers early breaks the connection instead
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(fault.Status)
			_, _ = io.WriteString(w, fault.Body) // whoever asked has gone
			return
		}
		forward.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), faultKey{}, fault)))
	})}
	go func() { proxy.served <- proxy.server.Serve(listener) }()
	return proxy, nil
}

// URL is the proxy's address.
func (p *Proxy) URL() string { return p.url }

// Hurt is how many requests something happened to.
func (p *Proxy) Hurt() int { return int(p.hurt.Load()) }

// Stop ends the proxy and every talk through it.
func (p *Proxy) Stop() error {
	err := p.server.Close()
	if served := <-p.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

func hurtAnswer(answer *http.Response) error {
	fault, _ := answer.Request.Context().Value(faultKey{}).(Fault)
	if fault.Lose {
		_, _ = io.Copy(io.Discard, answer.Body) // the server has done its work
		return errLost
	}
	if fault.Cut > 0 || fault.Slow > 0 {
		answer.Body = &hurtBody{ReadCloser: answer.Body, fault: fault}
	}
	return nil
}

// errLost ends an exchange on purpose.
var errLost = errors.New("lost on purpose")

// hurtBody is an answer's body that is slow or ends early.
type hurtBody struct {
	io.ReadCloser
	fault Fault
	given int64
}

// Read gives the next piece, late, until the cut.
func (b *hurtBody) Read(piece []byte) (int, error) {
	const slowPiece = 4 << 10
	if b.fault.Slow > 0 {
		time.Sleep(b.fault.Slow)
		piece = piece[:min(len(piece), slowPiece)]
	}
	if b.fault.Cut > 0 {
		if b.given >= b.fault.Cut {
			return 0, errLost
		}
		piece = piece[:min(int64(len(piece)), b.fault.Cut-b.given)]
	}
	n, err := b.ReadCloser.Read(piece)
	b.given += int64(n)
	return n, err
}
