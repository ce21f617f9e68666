package transform

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/expr-lang/expr"
	"github.com/tidwall/gjson"
	"pgregory.net/rapid"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

func TestAnExpressionReadsOnlyWhatItNames(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		`doc.a > 1`:                                  "{a!}",
		`doc.a.b + doc["a"].c + doc["x.y"]`:          "{a{b! c!} x.y!}",
		`doc?.a?.b ?? doc.a.b.c`:                     "{a{b!{c!}}}",
		`"a" in doc && !("b" in doc.c)`:              "{a! c{b!}}",
		`doc.a[0].b + doc.b[id]`:                     "{a! b!}",
		`filter(doc.a, .price > doc.b.least)`:        "{a! b{least!}}",
		`{"n": len(doc.a), "s": id + routing}`:       "{a!}",
		`map(filter(doc.a, # != nil), # + doc.b)`:    "{a! b!}",
		`let a = doc.a; a.b`:                         "{a!}",
		`let d = doc; d.a`:                           "!",
		`keys(doc)`:                                  "!",
		`doc | get("a")`:                             "!",
		`id in doc`:                                  "!",
		`doc[id]`:                                    "!",
		`$env.doc.a`:                                 "!",
		`{"copy": doc, "a": doc.a}`:                  "!{a!}",
		`true`:                                       "",
		`doc.a ? doc.b : {"x": doc.c, "y": [doc.d]}`: "{a! b! c! d!}",
	} {
		compiled, err := compileExpression(source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if got := compiled.reads.String(); got != want {
			t.Errorf("%s reads %s, want %s", source, got, want)
		}
	}
}

// String writes what is read below a field in braces; ! says that a field is read whole.
func (f *fieldRead) String() string {
	text := f.name
	if f.whole {
		text += "!"
	}
	var below []string
	for _, child := range f.below {
		below = append(below, child.String())
	}
	if len(below) == 0 {
		return text
	}
	return text + "{" + strings.Join(below, " ") + "}"
}

// decodedWhole is what an expression must come to: computed over the whole document, and written by a walk of its own.
func decodedWhole(t *rapid.T, source string, doc *es.Document, index string) (Action, string) {
	program, err := expr.Compile(source, expr.Env(expressionInput{}))
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	fields, _ := gjson.ParseBytes(doc.Source).Value().(map[string]any)
	result, err := expr.Run(program, expressionInput{Doc: fields, ID: doc.ID, Type: doc.Type, Routing: doc.Routing, Index: index})
	switch given := result.(type) {
	case nil:
		if err != nil {
			return Quarantine, "the expression can't be computed for it: " + err.Error()
		}
	case bool:
		if !given {
			return Quarantine, "the expression is false for it"
		}
	case map[string]any:
		var list []fieldChange
		for _, name := range sortedKeys(given) {
			var encoded bytes.Buffer
			encoder := json.NewEncoder(&encoded)
			encoder.SetEscapeHTML(false)
			if err := encoder.Encode(given[name]); err != nil {
				return Quarantine, "the expression's " + name + " can't be written: " + err.Error()
			}
			list = append(list, fieldChange{path: name, set: string(bytes.TrimSpace(encoded.Bytes()))})
		}
		action := Keep
		for _, p := range passes(list) {
			changed, err := new(Scratch).rewrite(doc, p)
			if err != nil {
				_, reason, _ := unreadable(err)
				return Quarantine, reason
			}
			if changed {
				action = Changed
			}
		}
		return action, ""
	default:
		return Quarantine, fmt.Sprintf("the expression gives neither true, false nor a map, but %T", result)
	}
	return Keep, ""
}

// drawnExpression makes an expression that compiles.
func drawnExpression(t *rapid.T) string {
	var value func(depth int) string
	value = func(depth int) string {
		sub := func() string { return value(depth - 1) }
		forms := []func() string{
			func() string {
				return rapid.SampledFrom([]string{"doc", "id", "doc.a", "doc.o", "doc.o.a", "doc?.o?.p?.a", "doc.o.p.a", `doc["o.a"]`, `doc["日"]`, `doc.o["a"]`, "doc.l", "doc.l[0]", "doc.l[0].a", "doc[id]", "$env.doc.a",
					"doc.missing", "1", "1.5", `"a"`, "nil", "true"}).Draw(t, "leaf")
			},
		}
		if depth > 0 {
			forms = append(forms,
				func() string { return "(" + sub() + " ?? " + sub() + ")" },
				func() string { return "(" + sub() + " == " + sub() + ")" },
				func() string { return "(" + sub() + " == nil ? " + sub() + " : " + sub() + ")" },
				func() string { return `(let it = ` + sub() + `; it)` },
				func() string { return `("a" in (` + sub() + ` ?? {}))` },
				func() string { return "toJSON(" + sub() + ")" },
				func() string { return "type(" + sub() + ")" },
				func() string { return "[" + sub() + "]" },
				func() string { return `{"a": ` + sub() + `}` },
				func() string { return "map(doc.l ?? [], # ?? " + sub() + ")" },
				func() string { return "filter(doc.l ?? [], # == " + sub() + ")" },
				func() string { return `("a" in doc)` },
				func() string { return `("a" in (doc.o ?? {}))` },
				func() string { return "get(doc, " + rapid.SampledFrom([]string{`"a"`, `"o"`}).Draw(t, "got") + ")" },
			)
		}
		return rapid.SampledFrom(forms).Draw(t, "form")()
	}
	given := func() string {
		var members []string
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "o.a", "o.p", "o.p.a", "x", "q.a", "l.a", "日"}), 0, 3, rapid.ID).Draw(t, "given") {
			members = append(members, fmt.Sprintf("%q: %s", name, value(2)))
		}
		return "{" + strings.Join(members, ", ") + "}"
	}
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 0:
		return value(3)
	case 1:
		return value(1) + " == " + value(1) + " ? " + given() + " : " + rapid.SampledFrom([]func() string{given, func() string { return "nil" }, func() string { return "false" }}).Draw(t, "else")()
	default:
		return given()
	}
}

// drawnSource makes an object with dotted and equal names, escapes and arrays.
func drawnSource(t *rapid.T, depth int) string {
	var members []string
	for range rapid.IntRange(0, 5).Draw(t, "members") {
		name := rapid.SampledFrom([]string{`"a"`, `"b"`, `"o"`, `"o"`, `"p"`, `"l"`, `"q"`, `"o.a"`, `"日"`, `"\u65e5"`, `"ok"`, `"x"`, `""`}).Draw(t, "name")
		value := rapid.SampledFrom(rawValues)
		raw := value.Draw(t, "value")
		if depth > 0 {
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0, 1:
				raw = drawnSource(t, depth-1)
			case 2:
				raw = "[" + value.Draw(t, "element") + ", " + drawnSource(t, depth-1) + "]"
			}
		}
		space := rapid.SampledFrom([]string{"", " ", "\n"}).Draw(t, "space")
		members = append(members, space+name+":"+space+raw+space)
	}
	return "{" + strings.Join(members, ",") + "}"
}

func expressionsEqualDecodedWhole(t *rapid.T, versions, none *DocumentRules) {
	source := drawnExpression(t)
	compiled, err := compileExpression(source)
	if err != nil {
		t.Skip(source, err) // such as 1 == "a"
	}
	rule := userDocument{expression: compiled}
	if rapid.Bool().Draw(t, "after a pass") {
		rule.passes = passes([]fieldChange{{path: "x"}, {path: "q", set: "1"}})
	}
	before := rapid.SampledFrom([]*DocumentRules{versions, none}).Draw(t, "rules")
	with, first := *before, *before
	with.users, first.users = []userDocument{rule}, []userDocument{{passes: rule.passes}}
	var scratch Scratch // which must forget the document before
	for range rapid.IntRange(1, 4).Draw(t, "documents") {
		text := drawnSource(t, 2)
		got := es.Document{Type: "log", ID: rapid.SampledFrom([]string{"a", "o"}).Draw(t, "id"), Source: json.RawMessage(text)}
		want := got
		action, reason, err := with.Apply(&scratch, &got)
		if err != nil {
			t.Fatal(err)
		}
		wantAction, wantReason, err := first.Apply(nil, &want)
		if err != nil {
			t.Fatal(err)
		}
		if wantAction != Quarantine {
			var now Action
			if now, wantReason = decodedWhole(t, source, &want, first.index); now == Quarantine {
				want.Source = json.RawMessage(text)
			}
			wantAction = max(wantAction, now)
		}
		if action != wantAction || reason != wantReason || string(got.Source) != string(want.Source) {
			t.Fatalf("%s of %s:\n%v %s %s\ndecoded whole:\n%v %s %s", source, text, action, reason, got.Source, wantAction, wantReason, want.Source)
		}
	}
}

func TestAnExpressionComesToWhatItWouldOverTheWholeDocument(t *testing.T) {
	t.Parallel()
	versions, none := rulesFor(t, "2.3.2", "7.10.2", Choices{}), &DocumentRules{only: &noTraits}
	rapid.Check(t, func(t *rapid.T) { expressionsEqualDecodedWhole(t, versions, none) })
}

func FuzzExpressionsAndTheWholeDocument(f *testing.F) {
	versions, none := rulesFor(f, "2.3.2", "7.10.2", Choices{}), &DocumentRules{only: &noTraits}
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) { expressionsEqualDecodedWhole(t, versions, none) }))
}
