// This file answers: how does a form-encoded IAM or STS call become an operation? sts.go comes next.

package fakeaws

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
)

// serveQuery answers IAM and STS.
func (s *Server) serveQuery(w http.ResponseWriter, r *http.Request) {
	id := s.requestID()
	refuse := func(w http.ResponseWriter, e *apiError) int { return writeXMLError(w, e, id) }
	body, refusal := readBody(r, maxAPIBody)
	if refusal != nil {
		refuse(w, refusal)
		return
	}
	in, err := url.ParseQuery(string(body))
	if err != nil {
		refuse(w, &apiError{http.StatusBadRequest, "MalformedQueryString", "the form can't be read"})
		return
	}
	action := in.Get("Action")
	service := "iam"
	if _, ok := stsOperations()[action]; ok {
		service = "sts"
	}
	caller := ""
	status := s.faulty(w, r, "", action, refuse, func(w http.ResponseWriter) int {
		who, refusal := s.authenticate(r, "query", service, hexSHA256(body))
		if refusal != nil {
			return refuse(w, refusal)
		}
		caller = who.arn
		if service == "sts" {
			result, refusal := stsOperations()[action](s, in, who)
			if refusal != nil {
				return refuse(w, refusal)
			}
			return writeXML(w, action, stsNamespace, id, result)
		}
		result, refusal := s.iam(action, in, who)
		if refusal != nil {
			return refuse(w, refusal)
		}
		return writeXML(w, action, iamNamespace, id, result)
	})
	s.record(Call{Service: service, Action: action, Caller: caller, Status: status})
}

// iam runs one operation if the caller may.
func (s *Server) iam(action string, in url.Values, who identity) ([]xmlNode, *apiError) {
	operation, ok := iamOperations()[action]
	if !ok {
		return nil, &apiError{http.StatusBadRequest, "InvalidAction", fmt.Sprintf("Could not find operation %s for version %s", action, in.Get("Version"))}
	}
	if refusal := s.authorize(who, "iam:"+action, s.iamResource(operation.kind, in, who), nil); refusal != nil {
		return nil, refusal
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return operation.do(s, operation.kind, in, who)
}

// iamResource is the ARN an operation is about.
func (s *Server) iamResource(kind string, in url.Values, who identity) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if source := in.Get("PolicySourceArn"); source != "" {
		return source
	}
	if e, refusal := s.find(kind, in, who); refusal == nil {
		return e.arn
	}
	path := in.Get("Path")
	if path == "" {
		path = "/"
	}
	return "arn:aws:iam::" + s.o.Account + ":" + kind + path + in.Get("RoleName") + in.Get("UserName")
}

// queryList reads NAME.member.1, NAME.member.2, ...
func queryList(in url.Values, name string) []string {
	var out []string
	for i := 1; in.Has(fmt.Sprintf("%s.member.%d", name, i)); i++ {
		out = append(out, in.Get(fmt.Sprintf("%s.member.%d", name, i)))
	}
	return out
}

// queryTags reads Tags.member.N.Key and .Value.
func queryTags(in url.Values) map[string]string {
	tags := map[string]string{}
	for i := 1; in.Has(fmt.Sprintf("Tags.member.%d.Key", i)); i++ {
		tags[in.Get(fmt.Sprintf("Tags.member.%d.Key", i))] = in.Get(fmt.Sprintf("Tags.member.%d.Value", i))
	}
	return tags
}

// newSecret makes a secret that no log can have seen before.
func newSecret() string { return rand.Text() + rand.Text()[:14] }
