package transform

// lifecycle.go answers: which ISM policy of OpenSearch does what an ILM policy of Elasticsearch did? Next: pipeline.go.

import (
	"fmt"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// phases of ILM in their order.
var phases = []string{"hot", "warm", "cold", "frozen", "delete"}

// LifecyclePolicy is what becomes of one ILM policy.
type LifecyclePolicy struct {
	// Body is the ISM policy for PUT _plugins/_ism/policies/NAME.
	Body     []byte
	Changes  []Change
	Findings []Finding
}

// Lifecycle turns the body of an ILM policy ({"policy":{"phases"}} as GET _ilm/policy gives it under the name) into an ISM
// policy that attaches itself to new indices of the patterns. Actions without a counterpart become findings.
func Lifecycle(name string, body []byte, patterns []string, target es.Version) (LifecyclePolicy, error) {
	root, err := parseObject(body)
	if err != nil {
		return LifecyclePolicy{}, fmt.Errorf("lifecycle policy %s: %w", name, err)
	}
	policy := root.object("policy")
	if policy == nil {
		policy = root
	}
	d := &draft{target: target, rule: &Rule{Name: "os_lifecycle", Rows: []string{"7-02"}}}
	where := "lifecycle policy " + name
	found := policy.object("phases")
	if found.len() == 0 {
		return LifecyclePolicy{}, fmt.Errorf("lifecycle policy %s: it has no phases", name)
	}
	var present []string
	for _, phase := range phases {
		if found.object(phase) != nil {
			present = append(present, phase)
		}
	}
	states := list{}
	for i, phase := range present {
		actions := list{}
		found.object(phase).object("actions").each(func(action string, v value) {
			options, _ := v.(*object)
			if options == nil {
				options = &object{}
			}
			if converted := d.lifecycleAction(where+" "+phase, action, options); converted != nil {
				actions = append(actions, converted...)
			}
		})
		if phase == "delete" && len(actions) == 0 {
			actions = append(actions, newObject("delete", &object{}))
		}
		transitions := list{}
		if i+1 < len(present) {
			next := found.object(present[i+1])
			age := or(next.text("min_age"), "0ms")
			transition := newObject("state_name", text(present[i+1]))
			if age != "0ms" && age != "0d" && age != "0s" {
				key := "min_index_age"
				if hasRollover(found) {
					key = "min_rollover_age"
				}
				transition.set("conditions", newObject(key, text(age)))
			}
			transitions = append(transitions, transition)
		}
		states = append(states, newObject("name", text(phase), "actions", actions, "transitions", transitions))
	}
	if len(present) == 0 {
		return LifecyclePolicy{}, fmt.Errorf("lifecycle policy %s: none of its phases is known", name)
	}
	now := newObject("description", text("from the lifecycle policy "+name), "default_state", text(present[0]), "states", states)
	if len(patterns) > 0 {
		now.set("ism_template", list{newObject("index_patterns", texts(patterns...), "priority", number(1))})
	}
	out := newObject("policy", now)
	d.changed(where, policy, out, "OpenSearch calls it index state management")
	return LifecyclePolicy{Body: appendValue(nil, out), Changes: d.changes, Findings: d.findings}, nil
}

// hasRollover says whether ages count from the rollover, as they do in ILM then.
func hasRollover(found *object) bool {
	return found.object("hot").object("actions").object("rollover") != nil
}

func (d *draft) lifecycleAction(where, action string, options *object) list {
	switch action {
	case "rollover":
		now := &object{}
		for _, pair := range [][2]string{{"max_age", "min_index_age"}, {"max_docs", "min_doc_count"}, {"max_size", "min_size"}, {"max_primary_shard_size", "min_primary_shard_size"}} {
			if options.has(pair[0]) {
				now.set(pair[1], options.get(pair[0]))
			}
		}
		if now.len() == 0 {
			d.found(Warning, where, "its rollover has no condition that ISM knows", "set one in the policy")
		}
		return list{newObject("rollover", now)}
	case "forcemerge":
		if options.text("index_codec") != "" {
			d.found(Warning, where, "a merge can't change the codec", "set index.codec in the template")
		}
		return list{newObject("force_merge", newObject("max_num_segments", options.get("max_num_segments")))}
	case "readonly":
		return list{newObject("read_only", &object{})}
	case "delete":
		if options.text("delete_searchable_snapshot") != "" {
			d.found(Info, where, "searchable snapshots are not deleted along: there are none", "")
		}
		return list{newObject("delete", &object{})}
	case "set_priority":
		if options.text("priority") == "" {
			return nil
		}
		return list{newObject("index_priority", newObject("priority", options.get("priority")))}
	case "shrink":
		now := &object{}
		if shards := options.get("number_of_shards"); shards != nil {
			now.set("num_new_shards", shards)
		}
		if size := options.get("max_primary_shard_size"); size != nil {
			now.set("max_shard_size", size)
		}
		return list{newObject("shrink", now)}
	case "allocate":
		var out list
		if replicas := options.get("number_of_replicas"); replicas != nil {
			out = append(out, newObject("replica_count", newObject("number_of_replicas", replicas)))
		}
		allocation := &object{}
		for _, key := range []string{"require", "include", "exclude"} {
			if options.object(key).len() > 0 {
				allocation.set(key, options.get(key))
			}
		}
		if allocation.len() > 0 {
			out = append(out, newObject("allocation", allocation))
			d.found(Warning, where, "it allocates by attributes of the source's nodes", "check that the target's nodes carry them")
		}
		return out
	case "unfollow":
		return nil // only followers of another cluster have to stop following
	}
	decide := map[string]string{"freeze": "leave it: frozen indices are gone", "migrate": "use warm_migration on AWS", "searchable_snapshot": "use the snapshot and convert_index_to_remote actions",
		"wait_for_snapshot": "make snapshots by a snapshot management policy", "rollup": "write an index rollup job", "downsample": "write an index rollup job"}[action]
	d.found(Warning, where, "the action "+action+" has no counterpart that does the same", or(decide, "decide what should stand for it"))
	return nil
}
