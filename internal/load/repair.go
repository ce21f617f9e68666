package load

// repair.go answers: what can a person do about a document that was set aside? The target's words say what it is about;
// the table tells what helps, as a piece of migration.yaml where that is enough. Next: load.go.

import (
	"fmt"
	"regexp"
	"strings"
)

// Repair is a proposal.
type Repair struct {
	// Action is what to do, in words.
	Action string `json:"action"`
	// Migration is a piece of migration.yaml that does it, where one can.
	Migration string `json:"migration_yaml,omitempty"`
}

// Beforehand is the proposal while nothing is set aside yet.
func (r Repair) Beforehand() Repair {
	r.Action = strings.ReplaceAll(r.Action, again, "")
	return r
}

// again ends a proposal: how the document gets to the target then.
const again = ", then `hikkoshi redrive`"

// ruleFor writes one rule of migration.yaml.
func ruleFor(index, rule string) string {
	return fmt.Sprintf("transform:\n  rules:\n    - index: %q\n      %s\n", index, rule)
}

// repairs are told apart by the words of the refusal; the first that fits wins. Words of the pattern's group are the field.
var repairs = []struct {
	pattern *regexp.Regexp
	propose func(index, field string) Repair
}{
	{regexp.MustCompile(`is too long, must be no longer than|longer than 512|its id has \d+ bytes`), func(string, string) Repair {
		return Repair{"keep such documents under a hashed id, with the old one in a field" + again, "transform:\n  long_ids: hash\n"}
	}},
	{regexp.MustCompile(`immense term in field="([^"]+)"`), func(index, field string) Repair {
		return Repair{"a value of " + field + " is longer than the 32766 bytes of a term: leave long values out of its index; on the target that is there, set ignore_above in its mapping" + again,
			ruleFor(index, fmt.Sprintf(`type: {%q: '{"type":"keyword","ignore_above":8191}'}`, field))}
	}},
	{regexp.MustCompile(`(?:object mapping for \[|mapping for field \[|can't merge a non object mapping \[|mapper \[)([^\]]+)\].*(?:as object|concrete value|object mapping|different type|cannot be changed)`), func(index, field string) Repair {
		return Repair{field + " is an object in some documents and a value in others, or has two types: give it another name in one of the two, or leave it out" + again,
			ruleFor(index, fmt.Sprintf("rename: {%q: %q}", field, field+"_value"))}
	}},
	{regexp.MustCompile(`(?:failed to parse field \[|failed to parse \[|Failed to parse \[)([^\]]+)\]`), func(index, field string) Repair {
		return Repair{"a value of " + field + " is none of its type: let the target ignore malformed values (dates, numbers, geo points; ignore_malformed in its mapping), give the field another type, or mend the value on the source and `hikkoshi sync`; otherwise leave it out" + again,
			ruleFor(index, fmt.Sprintf("drop: [%q]", field))}
	}},
	{regexp.MustCompile(`introduction of \[([^\]]+)\]`), func(index, field string) Repair {
		return Repair{"the mapping is strict and does not know " + field + ": add it to the mapping of the target, or leave it out" + again, ruleFor(index, fmt.Sprintf("drop: [%q]", field))}
	}},
	{regexp.MustCompile(`Limit of total fields`), func(index, _ string) Repair {
		return Repair{"raise index.mapping.total_fields.limit on the target (PUT " + index + "/_settings)" + again, ""}
	}},
	{regexp.MustCompile(`Limit of (?:mapping|field name) (?:depth|length)`), func(index, _ string) Repair {
		return Repair{"raise index.mapping.depth.limit or index.mapping.field_name_length.limit on the target (PUT " + index + "/_settings)" + again, ""}
	}},
	{regexp.MustCompile(`nested documents has exceeded`), func(index, _ string) Repair {
		return Repair{"raise index.mapping.nested_objects.limit on the target (PUT " + index + "/_settings)" + again, ""}
	}},
	{regexp.MustCompile(`max_content_length|too_large|request_entity_too_large|Request Entity Too Large`), func(string, string) Repair {
		return Repair{"the document is larger than the target takes: raise http.max_content_length in its configuration (AWS: a larger instance type takes 100 MiB instead of 10)" + again, ""}
	}},
	{regexp.MustCompile(`coordinating_operation_bytes|circuit_breaking|Data too large`), func(string, string) Repair {
		return Repair{"the document does not fit into what the target's heap leaves for writing: give its nodes more heap, or raise indexing_pressure.memory.limit" + again, ""}
	}},
	{regexp.MustCompile(`String value length .* exceeds`), func(string, string) Repair {
		return Repair{"one of its texts is longer than the target reads: start its nodes with a larger -Dopensearch.xcontent.string.length.max (not on AWS), or leave the field out" + again, ""}
	}},
	{regexp.MustCompile(`connection broke|connection lost`), func(string, string) Repair {
		return Repair{"the target broke the connection each time it was sent this document alone: look at its log. A large one may not fit into its heap (give its nodes more), or a proxy before it has a limit" + again, ""}
	}},
	{regexp.MustCompile(`(?:routing_missing_exception|routing is required)`), func(string, string) Repair {
		return Repair{"the target wants a routing for this document: its mapping has a _parent, a join or _routing that is required, and the source kept none. Mend it on the source and `hikkoshi sync`", ""}
	}},
	{regexp.MustCompile(`Duplicate field '([^']+)'`), func(index, field string) Repair {
		return Repair{field + " comes twice in one object: mend the document on the source and `hikkoshi sync`, or leave the field out" + again, ruleFor(index, fmt.Sprintf("drop: [%q]", field))}
	}},
	{regexp.MustCompile(`(?i)field name cannot|empty string|ambiguous|only whitespace`), func(string, string) Repair {
		return Repair{"a field's name is empty, blank or begins or ends with a dot: give it another name on the source and `hikkoshi sync`", ""}
	}},
	{regexp.MustCompile(`no index on the target takes documents of type`), func(string, string) Repair {
		return Repair{"plan anew: the type was not there when the plan was made", ""}
	}},
	{regexp.MustCompile(`keeps no source|no source to send`), func(string, string) Repair {
		return Repair{"the index keeps no source, so this document can be read by nobody: write it again from where it came", ""}
	}},
}

// Propose says what can be done about a document.
func Propose(refused *Refused) Repair {
	text := refused.Error + ": " + refused.Reason
	for _, one := range repairs {
		found := one.pattern.FindStringSubmatch(text)
		if found == nil {
			continue
		}
		field := ""
		if len(found) > 1 {
			field = strings.TrimSpace(found[1])
		}
		return one.propose(refused.Index, field)
	}
	return Repair{"mend the document on the source and `hikkoshi sync`, or change its source in the quarantine's file" + again, ""}
}
