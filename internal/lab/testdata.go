package lab

// testdata.go answers: where do the small repositories come from that the project's tests read without a server? From
// the lab, by WriteTestdata: real snapshots of the odd cases, and beside them what the server itself said was in them.

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// smallCases are the odd cases whose documents differ in form, not in number, so that a repository stays small.
var smallCases = []string{"ids", "shapes", "routed-idx", "extver", "nested", "nosource", "ttl", "family", "legacy-multi", "softdel", "gone", "recreated"}

// smallShards keeps routing visible in one index and everything else in one shard.
const smallShards = 1

// truthLine is one document as the server gave it; the field names and their order are those of the shared fixtures.
type truthLine struct {
	Snapshot    string          `json:"snapshot"`
	Index       string          `json:"index"`
	Shard       int             `json:"shard"`
	Type        *string         `json:"type"`
	ID          string          `json:"id"`
	Routing     *string         `json:"routing"`
	Parent      *string         `json:"parent"`
	Version     int64           `json:"version"`
	SeqNo       *int64          `json:"seq_no,omitempty"`
	PrimaryTerm *int64          `json:"primary_term,omitempty"`
	Timestamp   *int64          `json:"timestamp,omitempty"`
	TTL         *int64          `json:"ttl,omitempty"`
	Fields      json.RawMessage `json:"fields,omitempty"`
	Source      *string         `json:"source"`
	Sent        string          `json:"sent_b64,omitempty"`
}

// WriteTestdata starts a node, makes the small odd cases, takes snapshot s1, changes them, takes snapshot s2, and writes
// repo.tar.gz and truth.ndjson.gz into dir.
func WriteTestdata(ctx context.Context, version, dir string, progress func(Event)) (err error) {
	work, err := os.MkdirTemp("", "hikkoshi-testdata-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	node, err := Start(ctx, Options{Version: version, RepoDirs: []string{work}, Progress: progress})
	if err != nil {
		return err
	}
	defer func() {
		if stopError := node.Stop(context.WithoutCancel(ctx)); err == nil {
			err = stopError
		}
	}()
	s := &sender{url: node.URL(), dialect: dialectOf(version), lean: true}
	const seed = 1
	shards, err := s.smallOdd(ctx, seed)
	if err != nil {
		return err
	}
	repo := object{"type": "fs", "settings": object{"location": filepath.Join(work, "repo"), "compress": true}}
	if err := s.send(ctx, http.MethodPut, "/_snapshot/repo", repo); err != nil {
		return err
	}
	var truth bytes.Buffer
	if err := s.snapshot(ctx, "s1", shards, &truth); err != nil {
		return err
	}
	if err := Change(ctx, node.URL(), version, seed); err != nil {
		return err
	}
	delete(shards, "gone")
	shards["new-in-s2"] = 1
	if err := s.snapshot(ctx, "s2", shards, &truth); err != nil {
		return err
	}
	return writePair(dir, filepath.Join(work, "repo"), truth.Bytes())
}

// smallOdd makes the small cases and gives their shard counts.
func (s *sender) smallOdd(ctx context.Context, seed uint64) (map[string]int, error) {
	shards := map[string]int{}
	for _, c := range oddCases() {
		if !slices.Contains(smallCases, c.index) || !c.accepts(s.dialect) {
			continue
		}
		if c.index != "routed-idx" {
			c.shards = smallShards
		} else {
			c.shards = 2
		}
		if _, err := s.oddIndex(ctx, c, seed); err != nil {
			return nil, fmt.Errorf("%s: %w", c.index, err)
		}
		shards[c.index] = c.shards
	}
	return shards, s.refresh(ctx, "_all")
}

// snapshot takes one and writes down what the server says is in it; nothing is written in between.
func (s *sender) snapshot(ctx context.Context, name string, shards map[string]int, truth *bytes.Buffer) error {
	answer, err := s.call(ctx, http.MethodPut, "/_snapshot/repo/"+name+"?wait_for_completion=true", contentJSON, []byte(`{"include_global_state":true}`))
	if err != nil {
		return err
	}
	if !bytes.Contains(answer, []byte(`"state":"SUCCESS"`)) {
		return fmt.Errorf("snapshot %s is not complete: %.300s", name, answer)
	}
	indices := make([]string, 0, len(shards))
	for index := range shards {
		indices = append(indices, index)
	}
	slices.Sort(indices)
	encoder := json.NewEncoder(truth)
	encoder.SetEscapeHTML(false)
	for _, index := range indices {
		for shard := range shards[index] {
			lines, err := s.scroll(ctx, name, index, shard)
			if err != nil {
				return fmt.Errorf("read %s of %s: %w", index, name, err)
			}
			for _, line := range lines {
				if err := encoder.Encode(line); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// hit is one document of a search answer. 1.x puts routing and its like among the fields; later versions beside them.
type hit struct {
	Type        *string                    `json:"_type"`
	ID          string                     `json:"_id"`
	Version     int64                      `json:"_version"`
	SeqNo       *int64                     `json:"_seq_no"`
	PrimaryTerm *int64                     `json:"_primary_term"`
	Routing     *string                    `json:"_routing"`
	Parent      *string                    `json:"_parent"`
	Timestamp   *int64                     `json:"_timestamp"`
	TTL         *int64                     `json:"_ttl"`
	Fields      map[string]json.RawMessage `json:"fields"`
	Source      json.RawMessage            `json:"_source"`
}

// searchBody asks for everything the version can tell of a document.
func (s *sender) searchBody(index string) object {
	const firstSeqNo = 6
	body := object{"version": true, "size": 1000, "query": object{"match_all": object{}}}
	fields := []string{"_source", "_routing"}
	switch {
	case s.major < 5 && index == "nosource":
		body["fields"] = append(fields, "t", "k")
	case s.major < 5 && (index == "family" || index == "ttl"):
		// Asked of a document with a very large integer, 1.x fails to look for these in the source.
		body["fields"] = append(fields, "_parent", "_timestamp", "_ttl")
	case s.major < 5:
		body["fields"] = fields
	case index == "nosource":
		body["stored_fields"] = []string{"_source", "_routing", "t", "k"}
	}
	if s.major >= firstSeqNo {
		body["seq_no_primary_term"] = true
	}
	return body
}

// scroll reads one shard through the search API. The small cases fit one page, which is checked.
func (s *sender) scroll(ctx context.Context, snapshot, index string, shard int) ([]truthLine, error) {
	body, err := json.Marshal(s.searchBody(index))
	if err != nil {
		return nil, err
	}
	raw, err := s.call(ctx, http.MethodPost, fmt.Sprintf("/%s/_search?preference=_shards:%d", index, shard), contentJSON, body)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Shards struct{ Failed int } `json:"_shards"`
		Hits   struct {
			Total json.RawMessage
			Hits  []hit
		}
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return nil, err
	}
	if total := strings.Contains(string(answer.Hits.Total), fmt.Sprint(len(answer.Hits.Hits))); !total || answer.Shards.Failed > 0 {
		return nil, fmt.Errorf("the answer is not whole: %d hits of %s, %d shards failed", len(answer.Hits.Hits), answer.Hits.Total, answer.Shards.Failed)
	}
	lines := make([]truthLine, 0, len(answer.Hits.Hits))
	for _, h := range answer.Hits.Hits {
		line, err := s.truthOf(snapshot, index, shard, h)
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	slices.SortFunc(lines, func(a, b truthLine) int { return strings.Compare(a.ID+"\x00"+deref(a.Type), b.ID+"\x00"+deref(b.Type)) })
	return lines, nil
}

func (s *sender) truthOf(snapshot, index string, shard int, h hit) (truthLine, error) {
	line := truthLine{Snapshot: snapshot, Index: index, Shard: shard, Type: h.Type, ID: h.ID, Routing: h.Routing, Parent: h.Parent, Version: h.Version,
		SeqNo: h.SeqNo, PrimaryTerm: h.PrimaryTerm, Timestamp: h.Timestamp, TTL: h.TTL}
	for name, into := range map[string]any{"_routing": &line.Routing, "_parent": &line.Parent, "_timestamp": &line.Timestamp, "_ttl": &line.TTL} {
		if value, ok := h.Fields[name]; ok {
			if err := json.Unmarshal(value, into); err != nil {
				return line, fmt.Errorf("%s of %s: %w", name, h.ID, err)
			}
			delete(h.Fields, name)
		}
	}
	if len(h.Fields) > 0 {
		fields, err := json.Marshal(h.Fields)
		if err != nil {
			return line, err
		}
		line.Fields = fields
	}
	if len(h.Source) > 0 {
		source := string(h.Source)
		line.Source = &source
	}
	if index == "shapes" {
		for _, shape := range shapes() {
			if shape.id == h.ID {
				line.Sent = base64.StdEncoding.EncodeToString([]byte(shape.source))
			}
		}
	}
	return line, nil
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// writePair puts the repository and the truth into dir.
func writePair(dir, repo string, truth []byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	archive, err := tarGz(repo, "repo")
	if err != nil {
		return fmt.Errorf("pack the repository: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "repo.tar.gz"), archive, 0o644); err != nil {
		return err
	}
	var packed bytes.Buffer
	zip, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := zip.Write(truth); err != nil {
		return err
	}
	if err := zip.Close(); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "truth.ndjson.gz"), packed.Bytes(), 0o644)
}

// tarGz packs a folder under another name, without the machine's times and owners.
func tarGz(folder, name string) ([]byte, error) {
	var packed bytes.Buffer
	zip, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	archive := tar.NewWriter(zip)
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		header := &tar.Header{Name: filepath.ToSlash(filepath.Join(name, relative)), Mode: 0o644, ModTime: time.Unix(0, 0), Typeflag: tar.TypeReg}
		if entry.IsDir() {
			header.Name, header.Mode, header.Typeflag = header.Name+"/", 0o755, tar.TypeDir
			return archive.WriteHeader(header)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		header.Size = int64(len(content))
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		_, err = archive.Write(content)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	err = zip.Close()
	return packed.Bytes(), err
}
