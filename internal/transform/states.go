package transform

// states.go answers: what must an ISM policy, or an ILM policy that stays one, say so that the target takes it?
// Next: scripts.go.

import (
	"fmt"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// State rewrites the inner policy of an ISM policy for PUT.
func State(name string, body []byte) ([]byte, error) {
	policy, err := parseObject(body)
	if err != nil {
		return nil, fmt.Errorf("state policy %s: %w", name, err)
	}
	for _, key := range []string{"policy_id", "last_updated_time", "schema_version", "user"} {
		policy.delete(key) // the server's own
	}
	if items, ok := policy.get("ism_template").(list); ok {
		for _, item := range items {
			if one, ok := item.(*object); ok {
				one.delete("last_updated_time")
			}
		}
	}
	return appendValue(nil, newObject("policy", policy)), nil
}

// LifecycleKept rewrites an ILM policy for a target that has ILM too.
func LifecycleKept(name string, body []byte, target es.Version) (LifecyclePolicy, error) {
	root, err := parseObject(body)
	if err != nil {
		return LifecyclePolicy{}, fmt.Errorf("lifecycle policy %s: %w", name, err)
	}
	policy := root.object("policy")
	if policy == nil {
		return LifecyclePolicy{}, fmt.Errorf("lifecycle policy %s: it has no policy", name)
	}
	d := &draft{target: target, rule: &Rule{Name: "es8_lifecycle", Rows: []string{"5-13", "5-14"}}}
	policy.object("phases").each(func(phase string, v value) {
		if body, ok := v.(*object); ok && target.AtLeast(8, 0) {
			if actions := body.object("actions"); actions != nil {
				d.drop("lifecycle policy "+name+" "+phase, actions, "freeze", "frozen indices are gone since 8.0")
			}
		}
	})
	return LifecyclePolicy{Body: appendValue(nil, newObject("policy", policy)), Changes: d.changes}, nil
}
