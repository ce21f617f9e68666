// This file answers: which users, roles, keys and sessions are there, and what may each do? iam.go comes next.

package fakeaws

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// adminUser is the account's first user, who may do everything.
const adminUser = "admin"

// accessKeyLimit is how many keys IAM lets a user have.
const accessKeyLimit = 2

// entity is a user or a role.
type entity struct {
	kind     string // user or role
	name     string
	path     string
	id       string
	arn      string
	created  time.Time
	visible  time.Time // other services know it from then on
	text     string    // description
	trust    string    // a role's trust policy, as sent
	policies map[string]string
	tags     map[string]string
	seconds  int // a role's longest session
}

// accessKey is a user's key.
type accessKey struct {
	id, secret, user string
	created, visible time.Time
}

// session is what AssumeRole made.
type session struct {
	key, secret, token string
	role, name         string
	expires            time.Time
}

// identity is who made a call. The zero identity is anonymous.
type identity struct {
	arn    string
	id     string
	entity *entity
}

// principal is the identity's name in resource policies.
func (i identity) principal() string {
	if i.arn == "" {
		return ""
	}
	return "AWS:" + i.arn
}

// name is how the service calls the identity in refusals.
func (i identity) name() string {
	if i.arn == "" {
		return "anonymous"
	}
	return i.arn
}

// people is the account's IAM.
type people struct {
	account  string
	users    map[string]*entity
	roles    map[string]*entity
	keys     map[string]*accessKey
	sessions map[string]*session
	serial   int
}

func newPeople(account string) people {
	return people{account: account, users: map[string]*entity{}, roles: map[string]*entity{}, keys: map[string]*accessKey{}, sessions: map[string]*session{}}
}

// addAdmin makes the first user.
func (p *people) addAdmin(key, secret string, now time.Time) {
	u := p.newEntity("user", adminUser, "/", now, now)
	u.policies["everything"] = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	p.users[adminUser] = u
	p.keys[key] = &accessKey{id: key, secret: secret, user: adminUser, created: now, visible: now}
}

func (p *people) newEntity(kind, name, path string, now, visible time.Time) *entity {
	p.serial++
	prefix := map[string]string{"user": "AIDA", "role": "AROA"}[kind]
	return &entity{
		kind: kind, name: name, path: path, id: fmt.Sprintf("%sHIKKOSHI%09d", prefix, p.serial),
		arn:     "arn:aws:iam::" + p.account + ":" + kind + path + name,
		created: now, visible: visible, policies: map[string]string{}, tags: map[string]string{},
	}
}

// byKey finds who a key belongs to, and its secret.
func (p *people) byKey(key, token string, now time.Time) (identity, string, *signFault) {
	refuse := func(f signFault) (identity, string, *signFault) { return identity{}, "", &f }
	if s, ok := p.sessions[key]; ok {
		role := p.roles[s.role]
		if token != s.token || role == nil {
			return refuse(faultUnknownKey)
		}
		if now.After(s.expires) {
			return refuse(faultExpired)
		}
		return identity{arn: "arn:aws:sts::" + p.account + ":assumed-role/" + s.role + "/" + s.name, id: role.id + ":" + s.name, entity: role}, s.secret, nil
	}
	k, ok := p.keys[key]
	if !ok || token != "" || now.Before(k.visible) {
		return refuse(faultUnknownKey)
	}
	u := p.users[k.user]
	return identity{arn: u.arn, id: u.id, entity: u}, k.secret, nil
}

// policiesOf parses an entity's policies; they were checked when they were put.
func policiesOf(e *entity) []policy {
	if e == nil {
		return nil
	}
	var out []policy
	for _, name := range slices.Sorted(maps.Keys(e.policies)) {
		if parsed, err := parsePolicy(e.policies[name]); err == nil {
			out = append(out, parsed)
		}
	}
	return out
}

// roleByARN finds a role that the other services know already.
func (p *people) roleByARN(arn string, now time.Time) *entity {
	for _, r := range p.roles {
		if r.arn == arn && !now.Before(r.visible) {
			return r
		}
	}
	return nil
}

// exists tells whether a principal of this account's policies is known; other accounts' principals always are.
func (p *people) exists(arn string, now time.Time) bool {
	if arn == "*" || accountOf(arn) != p.account || strings.HasSuffix(arn, ":root") {
		return true
	}
	for _, e := range p.users {
		if e.arn == arn {
			return !now.Before(e.visible)
		}
	}
	return p.roleByARN(arn, now) != nil || strings.Contains(arn, ":assumed-role/")
}

// authorize asks the caller's own policies and says no in the service's words.
func (s *Server) authorize(who identity, action, resource string, context map[string]string) *apiError {
	s.mu.Lock()
	policies := policiesOf(who.entity)
	s.mu.Unlock()
	d := evaluate(policies, access{principal: who.principal(), action: action, resource: resource, context: context})
	if d == allowed {
		return nil
	}
	return &apiError{http.StatusForbidden, "AccessDenied", denial(who, action, resource, d)}
}

// denial is AWS's sentence for a refusal.
func denial(who identity, action, resource string, d decision) string {
	why := "because no identity-based policy allows the " + action + " action"
	if d == explicitDeny {
		why = "with an explicit deny in an identity-based policy"
	}
	return fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s %s", who.name(), action, resource, why)
}
