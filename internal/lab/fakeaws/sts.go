// This file answers: what do the STS operations do?

package fakeaws

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"

// stsOperations returns the table of operations.
func stsOperations() map[string]func(*Server, url.Values, identity) ([]xmlNode, *apiError) {
	return map[string]func(*Server, url.Values, identity) ([]xmlNode, *apiError){
		"GetCallerIdentity": stsWhoAmI, "AssumeRole": stsAssumeRole,
	}
}

// stsWhoAmI needs no right, as in AWS.
func stsWhoAmI(s *Server, _ url.Values, who identity) ([]xmlNode, *apiError) {
	return []xmlNode{text("Arn", who.arn), text("UserId", who.id), text("Account", s.o.Account)}, nil
}

// stsAssumeRole makes a session when the role trusts the caller and the caller may.
func stsAssumeRole(s *Server, in url.Values, who identity) ([]xmlNode, *apiError) {
	arn := in.Get("RoleArn")
	now := s.o.Now()
	seconds, err := strconv.Atoi(in.Get("DurationSeconds"))
	if err != nil {
		seconds = defaultSession
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	role := s.people.roleByARN(arn, now)
	ask := access{principal: who.principal(), action: "sts:AssumeRole", resource: arn}
	if role == nil || !s.mayAssume(role, who, ask) {
		return nil, &apiError{http.StatusForbidden, "AccessDenied", fmt.Sprintf("User: %s is not authorized to perform: sts:AssumeRole on resource: %s", who.name(), arn)}
	}
	if seconds > role.seconds {
		return nil, &apiError{http.StatusBadRequest, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."}
	}
	s.people.serial++
	made := &session{
		key: fmt.Sprintf("ASIAHIKKOSHI%08d", s.people.serial), secret: newSecret(), token: newSecret() + newSecret(),
		role: role.name, name: in.Get("RoleSessionName"), expires: now.Add(time.Duration(seconds) * time.Second),
	}
	s.people.sessions[made.key] = made
	return []xmlNode{
		elem("Credentials", text("AccessKeyId", made.key), text("SecretAccessKey", made.secret), text("SessionToken", made.token), text("Expiration", iso(made.expires))),
		elem("AssumedRoleUser", text("Arn", "arn:aws:sts::"+s.o.Account+":assumed-role/"+role.name+"/"+made.name), text("AssumedRoleId", role.id+":"+made.name)),
	}, nil
}

// mayAssume: within one account it's enough that the trust policy names the caller, or that it names the account and the
// caller's own policies allow the call; a Deny on either side refuses.
func (s *Server) mayAssume(role *entity, who identity, ask access) bool {
	trust, err := trustPolicy(role.trust)
	if err != nil {
		return false
	}
	own := evaluate(policiesOf(who.entity), ask)
	if own == explicitDeny || evaluateResource([]policy{trust}, ask) != allowed {
		return false
	}
	for _, st := range trust.Statement {
		for _, principal := range st.Principal {
			if principal == who.principal() || principal == "AWS:"+roleOfSession(who.arn) {
				return true
			}
		}
	}
	return own == allowed
}
