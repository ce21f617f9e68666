// This file answers: what happens to a request between a domain's endpoint and its node? It is checked as the service's own
// front checks it (signature, rights, what the service forbids), rewritten where a folder plays S3, and passed on.
// Next: quirks.go (what is forbidden) and repository.go (snapshot repositories).

package fakeaws

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
)

// textNoServer is the page of the service's load balancer when no node answers.
const textNoServer = "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n"

// front is what a request needs to know of its domain, taken under the mutex.
type front struct {
	name, arn, nodeURL, policy string
	version                    engineVersion
	open                       bool
	limit                      int64
}

// frontOf takes it.
func (s *Server) frontOf(d *domain) front {
	s.mu.Lock()
	defer s.mu.Unlock()
	const mib = 1 << 20
	kind, _ := findType(fmt.Sprint(d.cluster("InstanceType")))
	policy, _ := d.settings["AccessPolicies"].(string)
	return front{
		name: d.name, arn: d.arn, nodeURL: d.nodeURL, policy: policy, version: d.version(),
		open: d.phase(s.o.Now(), s.o.Phases).endpoint || !d.deleted.IsZero() && d.nodeURL != "", limit: int64(kind.requestMiB) * mib,
	}
}

// serveDomain takes a request of the data plane through all checks.
func (s *Server) serveDomain(d *domain, w http.ResponseWriter, r *http.Request) {
	f := s.frontOf(d)
	caller := ""
	action := r.Method + " " + r.URL.Path
	status := s.faulty(w, r, f.name, action, writeMessage, func(w http.ResponseWriter) int {
		if !f.open {
			return writeNoServer(w)
		}
		body, refusal := readBody(r, f.limit)
		if refusal != nil {
			if refusal.status == http.StatusRequestEntityTooLarge {
				refusal.message = fmt.Sprintf("Request size exceeded %d bytes", f.limit)
			}
			return writeMessage(w, refusal)
		}
		who := identity{}
		if r.Header.Get("Authorization") != "" {
			if who, refusal = s.authenticate(r, "es", "es", hexSHA256(body)); refusal != nil {
				return writeJSONError(w, refusal, s.requestID())
			}
		}
		caller = who.arn
		if refusal := s.mayReach(f, who, r); refusal != nil {
			return writeMessage(w, refusal)
		}
		if refusal := forbidden(f.version, r, body); refusal != nil {
			return writeMessage(w, refusal)
		}
		if repo, rest, ok := repositoryPath(r.URL.Path); ok {
			return s.serveRepository(f, who, repo, rest, body, w, r)
		}
		return s.forward(f, body, w, r, redactor(r.URL.Path))
	})
	s.record(Call{Service: f.name, Action: action, Caller: caller, Status: status})
}

// writeMessage writes a refusal as the data plane does, with a capital M; the control plane's is small.
func writeMessage(w http.ResponseWriter, e *apiError) int {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.status)
	json.NewEncoder(w).Encode(map[string]string{"Message": e.message})
	return e.status
}

func writeNoServer(w http.ResponseWriter) int {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusServiceUnavailable)
	io.WriteString(w, textNoServer)
	return http.StatusServiceUnavailable
}

// mayReach asks the caller's policies and the domain's access policy: within one account either may allow, neither may deny.
func (s *Server) mayReach(f front, who identity, r *http.Request) *apiError {
	verb := r.Method[:1] + strings.ToLower(r.Method[1:])
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	ask := access{principal: who.principal(), action: "es:ESHttp" + verb, resource: f.arn + r.URL.Path, context: map[string]string{"aws:sourceip": host}}
	s.mu.Lock()
	own := policiesOf(who.entity)
	s.mu.Unlock()
	mine, theirs := evaluate(own, ask), implicitDeny
	if f.policy != "" {
		if p, err := parsePolicy(f.policy); err == nil {
			theirs = evaluateResource([]policy{p}, ask)
		}
	}
	text := fmt.Sprintf("User: %s is not authorized to perform: %s", who.name(), ask.action)
	switch {
	case theirs == explicitDeny:
		text += " with an explicit deny in a resource-based policy"
	case mine == explicitDeny:
		text += " with an explicit deny in an identity-based policy"
	case mine == allowed, theirs == allowed:
		return nil
	case who.arn == "":
		text += " because no resource-based policy allows the " + ask.action + " action"
	default:
		text += " because no identity-based policy allows the " + ask.action + " action"
	}
	return &apiError{http.StatusForbidden, "AccessDeniedException", text}
}

// forward sends the request to the node. change, when not nil, rewrites the body of the answer.
func (s *Server) forward(f front, body []byte, w http.ResponseWriter, r *http.Request, change func([]byte) []byte) int {
	target, err := url.Parse(f.nodeURL)
	if err != nil {
		return writeNoServer(w)
	}
	status := 0
	proxy := &httputil.ReverseProxy{
		Transport: s.transport,
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host, p.Out.Host = target.Scheme, target.Host, target.Host
			for name := range p.Out.Header {
				if name == "Authorization" || strings.HasPrefix(name, "X-Amz-") {
					p.Out.Header.Del(name)
				}
			}
			if change != nil {
				p.Out.Header.Del("Accept-Encoding")
			}
			p.Out.Body, p.Out.ContentLength = http.NoBody, 0
			if len(body) > 0 {
				p.Out.Body, p.Out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			}
		},
		ModifyResponse: func(res *http.Response) error {
			status = res.StatusCode
			if change == nil || r.Method == http.MethodHead {
				return nil
			}
			text, err := io.ReadAll(res.Body)
			if err != nil {
				return err
			}
			text = change(text)
			res.Body = io.NopCloser(bytes.NewReader(text))
			res.ContentLength = int64(len(text))
			res.Header.Set("Content-Length", strconv.Itoa(len(text)))
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			s.log.Error("node does not answer", "domain", f.name, "error", err)
			status = writeNoServer(w)
		},
	}
	proxy.ServeHTTP(w, r)
	return status
}
