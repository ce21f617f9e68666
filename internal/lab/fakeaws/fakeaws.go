// Package fakeaws stands in for AWS on this machine: the control plane of the Elasticsearch Service (2015-01-01) and of
// OpenSearch (2021-01-01), IAM and STS on one loopback address, S3 on the same address handed on to a real S3 server,
// and in front of each real node a gateway that checks what the service's own endpoint checks. It exists to refuse as
// the service refuses: signatures, rights, names, versions, phases. What it can't show is listed in docs/aws.md.
//
//	aws, err := fakeaws.Start(ctx, fakeaws.Options{AccessKey: k, SecretKey: s, S3URL: gw.URL(), S3Root: gw.Root(), ...})
//	defer aws.Close()
//	aws.URL() // AWS_ENDPOINT_URL, for every service
//
// This file answers: what is one stand-in made of, and which service does a request belong to? A call's road: fakeaws.go ->
// sigv4.go (who calls) -> policy.go (may they) -> domains.go, iam.go, sts.go or buckets.go. The data plane: gateway.go.
package fakeaws

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	// DefaultAccount is the account that owns everything when Options names none.
	DefaultAccount = "123456789012"
	// DefaultRegion is the region of the stand-in when Options names none.
	DefaultRegion = "us-east-1"

	// maxAPIBody bounds a control-plane request: the largest real one is a policy document of some KB.
	maxAPIBody = 1 << 20
	// maxCalls bounds the memory of Calls.
	maxCalls = 10000

	headerTimeout = 10 * time.Second
	// idlePerHost keeps the connections of a bulk load open: the default of two would make each request dial.
	idlePerHost = 64
)

// Phases says how long a domain stays in each state. Zero means at once.
type Phases struct {
	Creating   time.Duration // Created=false
	Processing time.Duration // Created=true, Processing=true, no endpoint yet; lasts at least until OnCreate has returned
	Updating   time.Duration // Processing=true after a configuration change
	Deleting   time.Duration // Deleted=true; after it, and after OnDelete, the domain is not found
}

// Options says who may call, where S3 is, and what stands behind a domain.
type Options struct {
	Account   string // DefaultAccount when empty
	Region    string // DefaultRegion when empty
	AccessKey string // key of the account's first user, "admin", who may do everything
	SecretKey string

	S3URL       string // the real S3 server; empty for an account without S3
	S3AccessKey string // key and secret the stand-in signs with towards it
	S3SecretKey string
	S3Root      string // the folder that server serves: where the nodes' fs repositories lie

	Phases      Phases
	Propagation time.Duration // how long a new role or access key is not known yet
	MaxDomains  int           // more are refused with LimitExceededException; 0 for no limit

	// OnCreate gives a new domain its node. It runs beside the call that made the domain; ctx ends with the stand-in.
	OnCreate func(ctx context.Context, spec DomainSpec) (nodeURL string, err error)
	// OnDelete takes the node of a deleted domain away.
	OnDelete func(ctx context.Context, name string) error

	Now func() time.Time // the service's clock, time.Now when nil
	Log *slog.Logger     // diagnosis, nil for nowhere
}

// Call is one request that was answered.
type Call struct {
	Service string // es, iam, sts, s3, or the domain's name for its data plane
	Action  string // the operation's name, s3:ACTION, or METHOD /path
	Caller  string // ARN, empty for anonymous
	Status  int    // HTTP status; 0 when the connection was cut on order
}

// Server is a running stand-in.
type Server struct {
	o         Options
	log       *slog.Logger
	http      *http.Server
	api       http.Handler // the two domain APIs
	url       string
	transport *http.Transport // towards nodes and the S3 server
	ctx       context.Context // ends with Close; creations run under it
	cancel    context.CancelFunc
	work      sync.WaitGroup // creations, deletions and listeners

	mu      sync.Mutex
	people  people
	domains map[string]*domain
	buckets map[string]*bucket
	faults  []*Fault
	calls   []Call
	serial  int // makes ids that differ
}

// Start listens on a free loopback port. The stand-in ends with Close or with ctx.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.AccessKey == "" || o.SecretKey == "" {
		return nil, errors.New("fake aws: an access key and a secret key for the first user are needed")
	}
	if o.Account == "" {
		o.Account = DefaultAccount
	}
	if o.Region == "" {
		o.Region = DefaultRegion
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{o: o, log: o.Log, domains: map[string]*domain{}, buckets: map[string]*bucket{}}
	// Compression is the caller's matter: an answer must arrive as the node wrote it.
	s.transport = &http.Transport{DisableCompression: true, ExpectContinueTimeout: time.Second, MaxIdleConnsPerHost: idlePerHost}
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.people = newPeople(o.Account)
	s.people.addAdmin(o.AccessKey, o.SecretKey, o.Now())
	s.api = s.domainsAPI()
	var err error
	s.http, s.url, err = s.listen(http.HandlerFunc(s.serve))
	if err != nil {
		s.cancel()
		return nil, err
	}
	// AfterFunc instead of a goroutine that waits: Close itself cancels ctx and waits for the rest.
	context.AfterFunc(s.ctx, s.closeListeners)
	return s, nil
}

// URL is the address of every API: what AWS_ENDPOINT_URL wants.
func (s *Server) URL() string { return s.url }

// Region is the region requests must be signed for.
func (s *Server) Region() string { return s.o.Region }

// Account is the account that owns everything.
func (s *Server) Account() string { return s.o.Account }

// S3Root is the folder with the buckets: nodes need it in their path.repo.
func (s *Server) S3Root() string { return s.o.S3Root }

// Close ends the stand-in and every gateway, and returns when creations under way have ended. Nodes are the caller's.
func (s *Server) Close() error {
	s.cancel()
	s.closeListeners()
	s.work.Wait()
	s.transport.CloseIdleConnections()
	return nil
}

// Calls returns the requests answered so far, oldest first.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}

// listen serves h on a free loopback port until Close.
func (s *Server) listen(h http.Handler) (*http.Server, string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", fmt.Errorf("fake aws: listen: %w", err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: headerTimeout, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)}
	s.work.Go(func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("listener ended", "error", err)
		}
	})
	return server, "http://" + l.Addr().String(), nil
}

func (s *Server) closeListeners() {
	s.http.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.domains {
		d.closeGateway()
	}
}

// serve finds the service: by the host name of a domain, else by the scope that was signed, else by the path.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if d := s.domainByHost(r.Host); d != nil {
		s.serveDomain(d, w, r)
		return
	}
	switch service := signedService(r); {
	case strings.HasPrefix(r.URL.Path, "/2015-01-01/"), strings.HasPrefix(r.URL.Path, "/2021-01-01/"):
		s.api.ServeHTTP(w, r)
	case service == "s3":
		s.serveS3(w, r)
	case r.Method == http.MethodPost && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		s.serveQuery(w, r)
	case service == "" || service == "iam" || service == "sts" || service == "es":
		writeXMLError(w, &apiError{http.StatusBadRequest, "InvalidAction", "no such operation at " + r.Method + " " + r.URL.Path}, s.requestID())
	default:
		writeXMLError(w, &apiError{http.StatusNotImplemented, "InvalidAction", "the stand-in has no service " + service}, s.requestID())
	}
}

// readBody reads a bounded request body.
func readBody(r *http.Request, limit int64) ([]byte, *apiError) {
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if err != nil {
		return nil, &apiError{http.StatusBadRequest, "RequestTimeout", "the body did not arrive whole"}
	}
	if int64(len(body)) > limit {
		return nil, &apiError{http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException", "the body is too large"}
	}
	return body, nil
}

// record keeps a call for Calls.
func (s *Server) record(c Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.calls) == maxCalls {
		s.calls = s.calls[1:]
	}
	s.calls = append(s.calls, c)
	s.log.Debug("call", "service", c.Service, "action", c.Action, "caller", c.Caller, "status", c.Status)
}

// next makes a number that no other call got.
func (s *Server) next() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	return s.serial
}

func (s *Server) requestID() string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", s.next()) }
