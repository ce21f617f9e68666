package lab

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestEqualSeedsGiveEqualDocumentsAndOthersDont(t *testing.T) {
	t.Parallel()
	for _, name := range Versions() {
		d := dialectOf(name)
		for _, c := range oddCases() {
			if c.documents == nil || !c.accepts(d) {
				continue
			}
			a, b := c.documents(d, newRandom(1, c.index)), c.documents(d, newRandom(1, c.index))
			if !reflect.DeepEqual(a, b) {
				t.Errorf("%s: %s differs between two runs", name, c.index)
			}
		}
	}
	at := firstDay
	if string(encode(newRandom(1, "x").accessEvent(at))) != string(encode(newRandom(1, "x").accessEvent(at))) {
		t.Error("nginx events differ between two runs")
	}
	if string(encode(newRandom(1, "x").accessEvent(at))) == string(encode(newRandom(2, "x").accessEvent(at))) {
		t.Error("another seed gives the same event")
	}
}

func TestSourcesAreOneLineOfJSON(t *testing.T) {
	t.Parallel()
	for _, c := range oddCases() {
		if c.documents == nil {
			continue
		}
		for _, o := range c.documents(dialectOf("1.7.6"), newRandom(7, c.index)) {
			if o.action != "delete" && (!json.Valid(o.source) || strings.ContainsAny(string(o.source), "\r\n")) {
				t.Errorf("%s/%s: %.100s", c.index, o.id, o.source)
			}
		}
	}
}
