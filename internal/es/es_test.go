package es

import "testing"

func version(t *testing.T, text string) Version {
	t.Helper()
	parsed, err := ParseVersion(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// The rows are what real servers did: the laboratory's table of native restores.
func TestARestoreIsPromisedExactlyWhereRealServersManagedIt(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		created, source, target string
		want                    bool
	}{
		{"2.3.2", "2.3.2", "5.5.2", true}, {"2.4.6", "2.4.6", "5.5.2", true}, {"1.7.6", "1.7.6", "2.4.6", true},
		{"1.7.6", "2.3.2", "5.5.2", false}, {"1.7.6", "1.7.6", "5.5.2", false}, {"5.5.2", "5.5.2", "6.8.23", true},
		{"2.3.2", "2.3.2", "6.8.23", false}, {"2.3.2", "5.5.2", "6.8.23", false}, {"5.5.2", "5.5.2", "7.10.2", false},
		{"5.5.2", "5.5.2", "OpenSearch_1.3.20", false}, {"6.8.23", "6.8.23", "7.10.2", true}, {"6.8.23", "6.8.23", "7.17.29", true},
		{"6.8.23", "6.8.23", "OpenSearch_1.3.20", true}, {"7.10.2", "7.10.2", "OpenSearch_1.3.20", true}, {"7.10.2", "7.10.2", "OpenSearch_2.19.3", true},
		{"7.17.29", "7.17.29", "7.10.2", false}, {"7.17.29", "7.17.29", "OpenSearch_1.3.20", false}, {"7.17.29", "7.17.29", "OpenSearch_2.19.3", false},
		{"6.8.23", "6.8.23", "OpenSearch_2.19.3", false}, {"OpenSearch_1.3.20", "OpenSearch_1.3.20", "OpenSearch_2.19.3", true},
		{"OpenSearch_2.19.3", "OpenSearch_2.19.3", "OpenSearch_3.3.0", true}, {"OpenSearch_1.3.20", "OpenSearch_1.3.20", "OpenSearch_3.3.0", false},
		{"7.10.2", "7.10.2", "OpenSearch_3.3.0", false}, {"OpenSearch_1.3.20", "OpenSearch_1.3.20", "7.17.29", false},
		{"7.10.2", "7.10.2", "8.15.5", true}, {"7.17.29", "7.17.29", "8.15.5", true}, {"6.8.23", "6.8.23", "8.15.5", false},
		{"OpenSearch_1.3.20", "OpenSearch_1.3.20", "8.15.5", false}, {"8.15.5", "8.15.5", "7.17.29", false}, {"6.8.23", "6.8.23", "5.5.2", false},
	} {
		got, why := CanRestore(version(t, row.created), version(t, row.source), version(t, row.target))
		if got != row.want || !got && why == "" {
			t.Errorf("created %s, source %s, target %s: %v %q", row.created, row.source, row.target, got, why)
		}
	}
}

func TestVersionIDsOfBothProductsAreDecoded(t *testing.T) {
	t.Parallel()
	for id, want := range map[int]string{2030299: "2.3.2", 1070699: "1.7.6", 7172999: "7.17.29", 8100299: "8.10.2", 137247827: "OpenSearch 3.3.0", 135249827: "OpenSearch 1.3.20"} {
		got, err := VersionFromID(id)
		if err != nil || got.String() != want {
			t.Errorf("%d: %s, %v, want %s", id, got, err, want)
		}
	}
	// Since 8.11 the id no longer names a release.
	if got, err := VersionFromID(8512000); err != nil || got.Major != 8 {
		t.Errorf("8512000: %s, %v", got, err)
	}
	if _, err := VersionFromID(0); err == nil {
		t.Error("0 passes for a version")
	}
}

func TestTextsThatAreNoVersionAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "5", "five", "5.x", "1.2.3.4", "-1.0", "OpenSearch"} {
		if got, err := ParseVersion(text); err == nil {
			t.Errorf("%q became %s", text, got)
		}
	}
}

func TestADigestDoesNotDependOnOrderAndNoticesEveryChange(t *testing.T) {
	t.Parallel()
	documents := [][4]string{{"t", "1", "", `{"a":1}`}, {"t", "2", "r", `{"a":9007199254740993}`}, {"u", "1", "", `{}`}}
	build := func(order ...int) *Digest {
		var digest Digest
		for _, i := range order {
			high, low := HashDocument(documents[i][0], documents[i][1], documents[i][2], []byte(documents[i][3]))
			digest.Add(documents[i][1], high, low)
		}
		return &digest
	}
	first, second := build(0, 1, 2), build(2, 0, 1)
	if first.String() != second.String() || len(first.Differing(second)) != 0 || first.Documents() != 3 {
		t.Errorf("order matters: %s, %s", first, second)
	}
	var merged Digest
	merged.Merge(build(1))
	merged.Merge(build(2, 0))
	if merged.String() != first.String() {
		t.Error("merged digests differ from one made at once")
	}
	for i := range documents {
		for part := range documents[i] {
			before := documents[i][part]
			documents[i][part] += "x"
			if changed := build(0, 1, 2); changed.String() == first.String() {
				t.Errorf("a change of part %d of document %d goes unseen", part, i)
			}
			documents[i][part] = before
		}
	}
	if lost := build(0, 1); len(lost.Differing(first)) != 1 {
		t.Error("a lost document does not show in exactly one bucket")
	}
}

func TestALongTextIsClippedAndItsLengthTold(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		text string
		most int
		told string
	}{
		{"short", 5, "short"},
		{"äöü", 3, "ä… (6 bytes)"},
		{"a\xff", 5, "a?"},
		{"a\xffb", 2, "a… (3 bytes)"},
	} {
		if got := Clip(row.text, row.most); got != row.told {
			t.Errorf("%q: %s, want %s", row.text, got, row.told)
		}
	}
}
