// This file answers: how does a test order a call to fail, late, cut, or after it took effect?

package fakeaws

import (
	"cmp"
	"net/http"
	"time"
)

// Forever as Fault.Times never runs out.
const Forever = -1

// Fault is a failure on order.
type Fault struct {
	// Action names the calls it meets, with * and ? as wildcards: an operation ("CreateElasticsearchDomain", "PutRolePolicy"),
	// an S3 action ("s3:PutObject"), or a data-plane request ("PUT /_snapshot/*", with the path as sent).
	Action string
	Domain string // only this domain's data plane, empty for all

	Skip  int // lets so many calls pass first
	Times int // meets so many calls, 0 for one, Forever for all

	Delay         time.Duration // waits before anything else
	Status        int           // answers with this status; 0 with no CutConnection means that the call is only delayed
	Code          string        // the error's code
	Message       string        // and its text
	CutConnection bool          // closes the connection instead of answering
	AfterEffect   bool          // lets the call do its work first and then loses the answer: what a 504 may mean
}

// Inject orders a failure. Several may be open; the first that matches is used.
func (s *Server) Inject(f Fault) {
	if f.Times == 0 {
		f.Times = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// takeFault returns the fault that meets this call.
func (s *Server) takeFault(domain, action string) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.Times == 0 || f.Domain != "" && f.Domain != domain || !wildcard(f.Action, action) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Times > 0 {
			f.Times--
		}
		return *f, true
	}
	return Fault{}, false
}

// faulty runs do unless a fault was ordered for the call. It returns the status that the caller saw.
func (s *Server) faulty(w http.ResponseWriter, r *http.Request, domain, action string, refuse func(http.ResponseWriter, *apiError) int, do func(http.ResponseWriter) int) int {
	f, ok := s.takeFault(domain, action)
	if !ok {
		return do(w)
	}
	select {
	case <-time.After(f.Delay):
	case <-r.Context().Done():
		return 0
	}
	if f.Status == 0 && !f.CutConnection {
		return do(w)
	}
	if f.AfterEffect {
		do(&lostAnswer{header: http.Header{}})
	}
	if f.CutConnection {
		s.record(Call{Service: domain, Action: action})
		panic(http.ErrAbortHandler) // net/http closes the connection without an answer
	}
	return refuse(w, &apiError{f.Status, cmp.Or(f.Code, "ServiceUnavailable"), cmp.Or(f.Message, http.StatusText(f.Status))})
}

// lostAnswer takes an answer that never arrives.
type lostAnswer struct{ header http.Header }

// Header is the lost header.
func (l *lostAnswer) Header() http.Header { return l.header }

// Write drops the lost body.
func (l *lostAnswer) Write(b []byte) (int, error) { return len(b), nil }

// WriteHeader drops the lost status.
func (l *lostAnswer) WriteHeader(int) {}
