// This file answers: do these policies allow this action on this resource? Allow, Deny, wildcards, principals and the
// common conditions; a condition that isn't known here never holds, so that an unknown one can't let anything in.
// people.go comes next.

package fakeaws

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// decision is the outcome of an evaluation.
type decision int

const (
	implicitDeny decision = iota
	allowed
	explicitDeny
)

// String is the decision's name in SimulatePrincipalPolicy.
func (d decision) String() string {
	return [...]string{"implicitDeny", "allowed", "explicitDeny"}[d]
}

// policy is a parsed policy document.
type policy struct {
	Statement []statement
}

// statement is one of its statements.
type statement struct {
	Effect                             string
	Action, NotAction                  stringList
	Resource, NotResource              stringList
	Principal                          principalList
	NotPrincipal                       principalList
	Condition                          map[string]map[string]stringList
	hasPrincipal, hasResource, hasGate bool
}

// stringList reads a string or a list of strings.
type stringList []string

// UnmarshalJSON reads either form; booleans and numbers, which conditions may hold, become their text.
func (l *stringList) UnmarshalJSON(b []byte) error {
	var values []any
	var one any
	if err := json.Unmarshal(b, &one); err != nil {
		return err
	}
	if list, ok := one.([]any); ok {
		values = list
	} else {
		values = []any{one}
	}
	for _, v := range values {
		switch v.(type) {
		case string, bool, float64:
			*l = append(*l, fmt.Sprint(v))
		default:
			return errors.New("a string or a list of strings is wanted")
		}
	}
	return nil
}

// principalList holds "AWS:arn" and "Service:name" entries, and "*" for anyone.
type principalList []string

// UnmarshalJSON reads "*" or {"AWS": ..., "Service": ...}.
func (l *principalList) UnmarshalJSON(b []byte) error {
	var anyone string
	if json.Unmarshal(b, &anyone) == nil {
		if anyone != "*" {
			return errors.New("principal is neither * nor an object")
		}
		*l = principalList{"*"}
		return nil
	}
	var kinds map[string]stringList
	if err := json.Unmarshal(b, &kinds); err != nil {
		return err
	}
	for kind, names := range kinds {
		for _, name := range names {
			if kind == "AWS" && name == "*" {
				*l = append(*l, "*")
				continue
			}
			*l = append(*l, kind+":"+name)
		}
	}
	slices.Sort(*l)
	return nil
}

// parsePolicy reads a policy document.
func parsePolicy(document string) (policy, error) {
	var raw struct {
		Statement json.RawMessage
	}
	if err := json.Unmarshal([]byte(document), &raw); err != nil || len(raw.Statement) == 0 {
		return policy{}, errors.New("Syntax errors in policy.")
	}
	var parts []json.RawMessage
	if json.Unmarshal(raw.Statement, &parts) != nil {
		parts = []json.RawMessage{raw.Statement}
	}
	var p policy
	for _, part := range parts {
		var st statement
		var fields map[string]json.RawMessage
		if json.Unmarshal(part, &fields) != nil || json.Unmarshal(part, &st) != nil {
			return policy{}, errors.New("Syntax errors in policy.")
		}
		_, st.hasPrincipal = fields["Principal"]
		_, notPrincipal := fields["NotPrincipal"]
		st.hasPrincipal = st.hasPrincipal || notPrincipal
		st.hasResource = len(st.Resource)+len(st.NotResource) > 0
		st.hasGate = len(st.Action)+len(st.NotAction) > 0
		if st.Effect != "Allow" && st.Effect != "Deny" || !st.hasGate {
			return policy{}, errors.New("Syntax errors in policy.")
		}
		p.Statement = append(p.Statement, st)
	}
	return p, nil
}

// identityPolicy parses a policy of a user or role and checks what IAM checks of it.
func identityPolicy(document string) (policy, error) {
	p, err := parsePolicy(document)
	if err != nil {
		return p, err
	}
	for _, st := range p.Statement {
		if st.hasPrincipal {
			return p, errors.New("Policy document should not specify a principal.")
		}
		if !st.hasResource {
			return p, errors.New("Policy statement must contain resources.")
		}
		for _, r := range slices.Concat(st.Resource, st.NotResource) {
			if r != "*" && !strings.HasPrefix(r, "arn:") {
				return p, fmt.Errorf("Resource %s must be in ARN format or \"*\".", r)
			}
		}
	}
	return p, nil
}

// trustPolicy parses a role's trust policy and checks what IAM checks of it.
func trustPolicy(document string) (policy, error) {
	p, err := parsePolicy(document)
	if err != nil {
		return p, errors.New("This policy contains invalid Json")
	}
	for _, st := range p.Statement {
		if st.hasResource {
			return p, errors.New("Has prohibited field Resource")
		}
		if !st.hasPrincipal {
			return p, errors.New("Missing required field Principal")
		}
	}
	return p, nil
}

// access is one question to the policies.
type access struct {
	principal string            // "AWS:arn" or "Service:name"; empty for anonymous
	action    string            // es:ESHttpPut
	resource  string            // ARN; empty for trust policies
	context   map[string]string // condition keys in lower case
}

// evaluate asks policies that belong to an identity: they have no principal.
func evaluate(policies []policy, a access) decision {
	return decide(policies, a, func(statement) bool { return true })
}

// evaluateResource asks policies that belong to a resource or a role's trust: the principal must be named.
func evaluateResource(policies []policy, a access) decision {
	return decide(policies, a, func(st statement) bool {
		if len(st.NotPrincipal) > 0 {
			return !names(st.NotPrincipal, a.principal)
		}
		return names(st.Principal, a.principal)
	})
}

func decide(policies []policy, a access, concerns func(statement) bool) decision {
	result := implicitDeny
	for _, p := range policies {
		for _, st := range p.Statement {
			if !concerns(st) || !st.covers(a) {
				continue
			}
			if st.Effect == "Deny" {
				return explicitDeny
			}
			result = allowed
		}
	}
	return result
}

// names tells whether principal is in the list. An account's root stands for everyone in the account, and an assumed
// role's session is meant when its role is named.
func names(list principalList, principal string) bool {
	for _, entry := range list {
		if entry == "*" || entry == principal {
			return true
		}
		arn, isARN := strings.CutPrefix(entry, "AWS:")
		caller, isCaller := strings.CutPrefix(principal, "AWS:")
		if !isARN || !isCaller {
			continue
		}
		account := accountOf(caller)
		if arn == account || arn == "arn:aws:iam::"+account+":root" || arn == roleOfSession(caller) {
			return true
		}
	}
	return false
}

// accountOf is the fifth field of an ARN.
func accountOf(arn string) string {
	const accountField = 4
	if f := strings.Split(arn, ":"); len(f) > accountField {
		return f[accountField]
	}
	return ""
}

// roleOfSession turns arn:aws:sts::A:assumed-role/NAME/SESSION into the role's ARN.
func roleOfSession(arn string) string {
	rest, ok := strings.CutPrefix(arn, "arn:aws:sts::")
	if !ok {
		return ""
	}
	account, rest, _ := strings.Cut(rest, ":assumed-role/")
	name, _, _ := strings.Cut(rest, "/")
	return "arn:aws:iam::" + account + ":role/" + name
}

// covers tells whether the statement speaks of this action, resource and situation.
func (st statement) covers(a access) bool {
	fold := strings.ToLower(a.action)
	match := func(list stringList, s string, folded bool) bool {
		return slices.ContainsFunc(list, func(pattern string) bool {
			if folded {
				pattern = strings.ToLower(pattern)
			}
			return wildcard(pattern, s)
		})
	}
	if len(st.NotAction) > 0 && match(st.NotAction, fold, true) || len(st.NotAction) == 0 && !match(st.Action, fold, true) {
		return false
	}
	if a.resource != "" {
		if len(st.NotResource) > 0 && match(st.NotResource, a.resource, false) {
			return false
		}
		if len(st.NotResource) == 0 && st.hasResource && !match(st.Resource, a.resource, false) {
			return false
		}
	}
	for operator, keys := range st.Condition {
		for key, values := range keys {
			if !holds(operator, a.context[strings.ToLower(key)], values) {
				return false
			}
		}
	}
	return true
}

// holds tells whether one condition holds for the value the request has. A key that the request lacks holds only for
// ...IfExists and negated operators, as in IAM.
func holds(operator, have string, values stringList) bool {
	operator, ifExists := strings.CutSuffix(operator, "IfExists")
	if have == "" && ifExists {
		return true
	}
	test, negated := map[string]func(string) bool{
		"StringEquals": func(v string) bool { return v == have }, "StringEqualsIgnoreCase": func(v string) bool { return strings.EqualFold(v, have) },
		"StringLike": func(v string) bool { return wildcard(v, have) }, "ArnEquals": func(v string) bool { return wildcard(v, have) },
		"ArnLike": func(v string) bool { return wildcard(v, have) }, "Bool": func(v string) bool { return strings.EqualFold(v, have) },
		"IpAddress": func(v string) bool { return inNetwork(have, v) },
	}[operator], false
	if test == nil {
		test, negated = map[string]func(string) bool{
			"StringNotEquals": func(v string) bool { return v == have }, "StringNotLike": func(v string) bool { return wildcard(v, have) },
			"ArnNotEquals": func(v string) bool { return wildcard(v, have) }, "ArnNotLike": func(v string) bool { return wildcard(v, have) },
			"NotIpAddress": func(v string) bool { return inNetwork(have, v) },
		}[operator], true
	}
	if test == nil {
		return false
	}
	if have == "" {
		return negated
	}
	return slices.ContainsFunc(values, test) != negated
}

// inNetwork tells whether an address lies in a network, which may be a single address.
func inNetwork(address, network string) bool {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	if single, err := netip.ParseAddr(network); err == nil {
		return single == a
	}
	n, err := netip.ParsePrefix(network)
	return err == nil && n.Contains(a)
}

// wildcard matches * (any run) and ? (one character), in time linear in the text for each star.
func wildcard(pattern, s string) bool {
	star, mark := -1, 0
	p, i := 0, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p, i = p+1, i+1
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
