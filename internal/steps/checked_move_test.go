package steps

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/plan"
)

// stage is a move between two real nodes, described by a file.
type stage struct {
	t      *testing.T
	file   string
	common string
	move   *Move
}

// open reads the file with more lines in it, and plans, unless a plan stands already.
func (s *stage) open(more string) {
	s.t.Helper()
	if err := os.WriteFile(s.file, []byte(s.common+more), 0o600); err != nil {
		s.t.Fatal(err)
	}
	wanted, err := migration.Load(s.file)
	if err != nil {
		s.t.Fatal(err)
	}
	sides := NewSides(wanted, Options{})
	if s.move != nil && s.move.Plan.Wanted == plan.HashWanted(wanted) {
		s.move = &Move{Wanted: wanted, Sides: sides, Plan: s.move.Plan}
		return
	}
	facts, err := Look(s.t.Context(), wanted, sides)
	if err != nil {
		s.t.Fatal(err)
	}
	made := plan.Make(facts, wanted)
	if blockers := plan.Blockers(made.Findings); len(blockers) > 0 {
		s.t.Fatalf("%+v", blockers)
	}
	s.move = &Move{Wanted: wanted, Sides: sides, Plan: made}
}

func (s *stage) apply() (err error) {
	s.t.Helper()
	steps, err := s.move.Steps(PhaseApply)
	if err != nil {
		s.t.Fatal(err)
	}
	journal, err := engine.OpenJournal(s.move.Wanted.StateFile("journal"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { err = errors.Join(err, journal.Close()) }()
	runner := engine.Runner{Phase: PhaseApply, Steps: steps, Journal: journal, PlanHash: s.move.Plan.Hash(), Sink: func(event engine.Event) {
		if event.Kind != engine.EventProgress {
			s.t.Logf("%s %s %s", event.Step, event.Kind, event.Message)
		}
	}}
	return runner.Run(s.t.Context())
}

const valuesMapping = `{"settings":{"number_of_shards":2,"number_of_replicas":0},"mappings":{"log":{"properties":{
"day":{"type":"date","format":"YYYY-MM-dd"},"at":{"type":"date"},"clf":{"type":"date","format":"dd/MMM/YYYY:HH:mm:ss Z"},"short":{"type":"date","format":"yy-MM-dd"},
"n":{"type":"long"},"i":{"type":"integer","doc_values":false},"d":{"type":"double"},"f":{"type":"float"},"ok":{"type":"boolean"},"k":{"type":"string","index":"not_analyzed"},"text":{"type":"string"},
"ip":{"type":"ip"},"o":{"properties":{"n":{"type":"long"}}},"many":{"type":"nested","properties":{"n":{"type":"long"}}}}}}}`

func (s *stage) fill(source, index string, documents int) {
	s.t.Helper()
	labtest.Call(s.t, http.MethodPut, source+"/"+index, valuesMapping)
	var body strings.Builder
	for i := range documents {
		fmt.Fprintf(&body, `{"index":{"_index":%q,"_type":"log","_id":"%d"}}`+"\n", index, i)
		fmt.Fprintf(&body, `{"day":"20%02d-%02d-%02d","at":"2015-06-07T08:09:10.%03dZ","clf":"%02d/Jun/2016:08:09:10 +0200","n":[%d,%d],"i":%d,"d":%d.1,"f":0.%d,"ok":%s,"k":"key é %d","text":"some text","ip":"10.0.%d.%d","o":[{"n":%d},{"n":7}],"many":[{"n":1}]}`+"\n",
			10+i%10, 1+i%12, 1+i%28, i%1000, 1+i%30, 9007199254740993+i, -i, i, i, i+1, []string{"true", `"off"`, "1", `"yes"`, "false"}[i%5], i, i/256, i%256, i)
	}
	if answer := labtest.Call(s.t, http.MethodPost, source+"/_bulk?refresh=true", body.String()); strings.Contains(answer, `"errors":true`) {
		s.t.Fatal(answer[:500])
	}
}

// TestAMoveIsCheckedBeforeItBeginsAndItsValuesAfterIt moves an index of 2.3.2 with the traps of Joda's formats to 7.10.2.
func TestAMoveIsCheckedBeforeItBeginsAndItsValuesAfterIt(t *testing.T) {
	folder := t.TempDir()
	source, target := labtest.Pair(t, "2.3.2", "7.10.2", folder)
	s := &stage{t: t, file: filepath.Join(folder, "migration.yaml"),
		common: fmt.Sprintf("source: {url: %s}\ntarget: {url: %s}\nrepository: {type: fs, location: %s}\ntransform: {rules: [{index: logs, type: {i: integer}}]}\n", source.URL(), target.URL(), filepath.Join(folder, "repository"))}
	s.fill(source.URL(), "logs", 250)
	labtest.Call(t, http.MethodPut, source.URL()+"/logs/log/other-century", `{"short":"77-01-01"}`)
	labtest.Call(t, http.MethodPut, source.URL()+"/logs/log/immense", `{"k":"`+strings.Repeat("x ", 16_000)+`"}`)
	labtest.Call(t, http.MethodPost, source.URL()+"/_refresh", "")

	s.open("")
	err := s.apply()
	if !errors.Is(err, engine.ErrBlocked) || !strings.Contains(err.Error(), "date-moves in short: 1 documents") {
		t.Fatalf("a document that would mean another day does not stop the move: %v", err)
	}
	if answer := labtest.Call(t, http.MethodGet, target.URL()+"/_cat/indices", ""); strings.Contains(answer, "logs") {
		t.Errorf("something was written before a person decided: %s", answer)
	}
	report, err := LoadPreflight(s.move.Wanted)
	if err != nil || report.Documents != 252 || report.Repaired != 150 || report.Refused != 0 {
		t.Errorf("%+v %v", report, err)
	}

	s.open("accept: [date-moves]\n")
	if err = s.apply(); err != nil {
		t.Fatal(err)
	}
	proof, err := s.move.Prove(t.Context(), func(engine.Event) {})
	if err != nil || !proof.Holds {
		t.Fatalf("%+v %v", proof, err)
	}
	values := proof.Rows[0].Values
	t.Logf("%+v", values)
	if values.Documents < 180 || values.Fields != 13 || values.Values < 12*180-20 || len(values.LeftOut) != 0 || values.Differing != 0 || values.Rounded != 0 || values.Intended != 1 {
		t.Errorf("%+v", values)
	}

	t.Run("nobody accepts another century", func(t *testing.T) {
		s.open("")
		proof, err := s.move.Prove(t.Context(), func(engine.Event) {})
		if err != nil {
			t.Fatal(err)
		}
		const want = "short of other-century is 1977-01-01T00:00:00.000Z on the source and 2077-01-01T00:00:00.000Z on the target"
		if row := proof.Rows[0]; proof.Holds || row.SourceDigest != row.TargetDigest || row.Values.Differing != 1 || row.Values.Differences[0].String() != want {
			t.Errorf("%+v", row)
		}
	})
	t.Run("a target with a wrong format", func(t *testing.T) {
		// The same bytes under the old format: no digest differs, and every day is another.
		body := strings.ReplaceAll(strings.ReplaceAll(labtest.Call(t, http.MethodGet, target.URL()+"/logs/_mapping", ""), "\n", ""), `{"logs":`, "")
		body = strings.TrimSuffix(strings.TrimSpace(body), "}")
		start := strings.Index(body, `"day":{"type":"date","format":"`) + len(`"day":{"type":"date","format":"`)
		body = body[:start] + "YYYY-MM-dd" + body[start+strings.IndexByte(body[start:], '"'):]
		labtest.Call(t, http.MethodPut, target.URL()+"/wrong", body)
		labtest.Call(t, http.MethodPost, target.URL()+"/_reindex?refresh=true", `{"source":{"index":"logs"},"dest":{"index":"wrong","version_type":"external"}}`)
		labtest.Call(t, http.MethodDelete, target.URL()+"/logs", "")
		labtest.Call(t, http.MethodPut, target.URL()+"/logs", body)
		labtest.Call(t, http.MethodPost, target.URL()+"/_reindex?refresh=true", `{"source":{"index":"wrong"},"dest":{"index":"logs","version_type":"external"}}`)
		proof, err := s.move.Prove(t.Context(), func(engine.Event) {})
		if err != nil {
			t.Fatal(err)
		}
		row := proof.Rows[0]
		if proof.Holds || row.Changed != 0 || row.Missing != 0 || row.SourceDigest != row.TargetDigest {
			t.Errorf("%+v", row)
		}
		if row.Values.Differing < 100 || row.Values.Differences[0].Field != "day" {
			t.Errorf("%+v", row.Values)
		}
	})
}
