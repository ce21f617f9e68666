package plan

// check_blocks.go answers: which indices does the source hold still, and which does it look after by a policy? Neither must
// meddle with the move, so that both are put on when it is over. Next: check_analysis.go.

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/migration"
)

const blockPrefix = "index.blocks."

var (
	// carriedBlocks keep writers off; the copy gets them at the end.
	carriedBlocks = []string{"read_only", "write"}
	// blindingBlocks keep the move from reading.
	blindingBlocks = []string{"read", "metadata"}
)

// fullDisk is the block that a server sets by itself.
const fullDisk = "read_only_allow_delete"

// blocksOf lists those of some blocks that an index has.
func blocksOf(index Index, names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return gjson.ParseBytes(index.Settings[blockPrefix+name]).String() != "true"
	})
}

func checkBlocks(facts *Facts, _ *migration.Migration, routes []Route) []Finding {
	var findings []Finding
	for _, route := range routes {
		index, _ := facts.Source.Index(route.Source)
		if route.Kind == Skip {
			continue
		}
		for _, name := range blocksOf(index, blindingBlocks) {
			findings = append(findings, Finding{ID: "block", Severity: Blocker, Subject: route.Source, Message: blockPrefix + name + " is set, so nobody can read what is to be moved",
				Decide: fmt.Sprintf("lift it for the move: PUT /%s/_settings {%q:false}, and set it on both sides when the move is over; or exclude the index (indices.exclude)", route.Source, blockPrefix+name)})
		}
		for _, name := range route.Blocks {
			findings = append(findings, Finding{ID: "block", Severity: Info, Subject: route.Source, Message: blockPrefix + name + " is set",
				WillDo: "its copy gets the block as the last thing of the cutover, since the move writes to it until then"})
		}
		if len(blocksOf(index, []string{fullDisk})) > 0 {
			findings = append(findings, Finding{ID: "block", Severity: Warning, Subject: route.Source, Message: blockPrefix + fullDisk + " is set: a node of the source ran out of disk, and refuses writes since",
				WillDo: "its copy comes without the block"})
		}
	}
	return findings
}

// checkLifecycles names what looks after an index on the source. A policy that acts on a copy during the move would shrink,
// roll over or delete it, and a rollover from the wrong index cannot be taken back: a person puts it on.
func checkLifecycles(facts *Facts, _ *migration.Migration, routes []Route) []Finding {
	var findings []Finding
	seen := map[string]bool{}
	for _, route := range routes {
		index, _ := facts.Source.Index(route.Source)
		policy, from := policyOf(index)
		if policy == "" || route.Kind == Skip || seen[route.Target] {
			continue
		}
		seen[route.Target] = true
		alias := gjson.ParseBytes(index.Settings["index.lifecycle.rollover_alias"]).String()
		findings = append(findings, Finding{ID: "lifecycle", Severity: Warning, Subject: route.Target,
			Message: fmt.Sprintf("on the source the policy %s looks after the index (%s); the copy comes without one, so that nothing is shrunk, rolled over or deleted while it is moved", policy, from),
			WillDo:  "once the move is over, put it on: " + attach(facts.Target.Version, route.Target, policy, alias)})
	}
	return findings
}

// policyOf reads an index's policy, and the setting that names it.
func policyOf(index Index) (policy, from string) {
	for _, name := range []string{"index.lifecycle.name", "index.plugins.index_state_management.policy_id", "index.opendistro.index_state_management.policy_id"} {
		if policy := gjson.ParseBytes(index.Settings[name]).String(); policy != "" {
			return policy, name
		}
	}
	return "", ""
}

// attach is the request that has a policy look after an index.
func attach(target es.Version, index, policy, alias string) string {
	switch {
	case target.Product == es.OpenSearch:
		return fmt.Sprintf("POST /_plugins/_ism/add/%s {\"policy_id\":%q}", index, policy)
	case target.AtLeast(6, 6):
		settings := []string{fmt.Sprintf("\"index.lifecycle.name\":%q", policy)}
		if alias != "" {
			settings = append(settings, fmt.Sprintf("\"index.lifecycle.rollover_alias\":%q", alias))
		}
		return fmt.Sprintf("PUT /%s/_settings {%s}", index, strings.Join(settings, ","))
	}
	return "the target knows no policies; a tool such as Curator has to do its work"
}
