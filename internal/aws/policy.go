package aws

// policy.go answers: what does an IAM policy document allow? Enough of the language to see whether an existing role
// already has a right; the simulator of IAM is asked where it may be.

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// maxPolicy bounds a document; the service's own limit is 100 KiB for a domain and less for IAM.
const maxPolicy = 1 << 20

type policyDocument struct {
	Version   string
	Statement statements
}

type statements []statement

// UnmarshalJSON takes one statement or a list of them.
func (s *statements) UnmarshalJSON(data []byte) error {
	var list []statement
	if err := json.Unmarshal(data, &list); err == nil {
		*s = list
		return nil
	}
	var single statement
	if err := json.Unmarshal(data, &single); err != nil {
		return err
	}
	*s = statements{single}
	return nil
}

type statement struct {
	Sid         string
	Effect      string
	Principal   principal
	Action      texts
	NotAction   texts
	Resource    texts
	NotResource texts
	Condition   map[string]map[string]texts
}

// texts is a string or a list of strings.
type texts []string

// UnmarshalJSON takes both spellings, and scalars in conditions.
func (t *texts) UnmarshalJSON(data []byte) error {
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		return err
	}
	list, many := value.([]any)
	if !many {
		list = []any{value}
	}
	for _, item := range list {
		*t = append(*t, fmt.Sprint(item))
	}
	return nil
}

// principal maps AWS, Service, Federated to names; "*" alone is {"AWS": ["*"]}.
type principal map[string]texts

// UnmarshalJSON takes both spellings.
func (p *principal) UnmarshalJSON(data []byte) error {
	var all string
	if err := json.Unmarshal(data, &all); err == nil {
		*p = principal{"AWS": texts{all}}
		return nil
	}
	named := map[string]texts{}
	if err := json.Unmarshal(data, &named); err != nil {
		return err
	}
	*p = named
	return nil
}

// parsePolicy reads a document, URL-encoded as IAM answers or plain.
func parsePolicy(text string) (policyDocument, error) {
	var document policyDocument
	if len(text) > maxPolicy {
		return document, fmt.Errorf("policy: %d bytes are too many", len(text))
	}
	text, err := plainPolicy(text)
	if err != nil {
		return document, err
	}
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		return document, fmt.Errorf("policy: %w", err)
	}
	return document, nil
}

// plainPolicy decodes what IAM answers: a URL-encoded document.
func plainPolicy(text string) (string, error) {
	if !strings.HasPrefix(text, "%") {
		return text, nil
	}
	plain, err := url.PathUnescape(text)
	if err != nil {
		return "", fmt.Errorf("policy: %w", err)
	}
	return plain, nil
}

// conditionHolds knows the one condition that we set ourselves; any other counts as not fulfilled.
func (s statement) conditionHolds() bool {
	for operator, keys := range s.Condition {
		for key, values := range keys {
			known := strings.EqualFold(key, "iam:PassedToService") && (operator == "StringEquals" || operator == "StringLike")
			if !known || !matchesAny(values, serviceName, false) {
				return false
			}
		}
	}
	return true
}

// allows says whether documents let an action happen on a resource; a denying statement counts
// whatever its conditions are.
func allows(documents []policyDocument, action, resource string) bool {
	allowed := false
	for _, document := range documents {
		for _, s := range document.Statement {
			hit := matchesAny(s.Action, action, true) || len(s.NotAction) > 0 && !matchesAny(s.NotAction, action, true)
			on := matchesAny(s.Resource, resource, false) || len(s.NotResource) > 0 && !matchesAny(s.NotResource, resource, false)
			if !hit || !on {
				continue
			}
			if s.Effect == "Deny" {
				return false
			}
			allowed = allowed || s.Effect == "Allow" && s.conditionHolds()
		}
	}
	return allowed
}

// trusts says whether a trust policy lets a service take the role, and gives the source ARNs and accounts it is
// restricted to; empty lists mean no restriction.
func (d policyDocument) trusts(service string) (trusted bool, sourceARNs, accounts []string) {
	for _, s := range d.Statement {
		if s.Effect != "Allow" || !matchesAny(s.Action, "sts:AssumeRole", true) || !matchesAny(s.Principal["Service"], service, false) {
			continue
		}
		trusted = true
		for _, keys := range s.Condition {
			for key, values := range keys {
				switch strings.ToLower(key) {
				case "aws:sourcearn":
					sourceARNs = append(sourceARNs, values...)
				case "aws:sourceaccount":
					accounts = append(accounts, values...)
				}
			}
		}
	}
	return trusted, sourceARNs, accounts
}

// openToAll says whether anybody may come in, without any condition.
func (d policyDocument) openToAll() bool {
	for _, s := range d.Statement {
		if s.Effect == "Allow" && len(s.Condition) == 0 && matchesAny(s.Principal["AWS"], "*", false) {
			return true
		}
	}
	return false
}

func matchesAny(patterns []string, text string, fold bool) bool {
	for _, pattern := range patterns {
		if fold {
			pattern, text = strings.ToLower(pattern), strings.ToLower(text)
		}
		if wildcard(pattern, text) {
			return true
		}
	}
	return false
}

// wildcard matches * and ? as IAM does, in time linear in both texts for each star.
func wildcard(pattern, text string) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
