// Package transform changes what a newer version does not take as the old one had it: mappings, settings, aliases,
// templates, documents and Kibana's objects. It is pure.
//
// Each breaking change is one rule in a file named by the version that breaks; rules.go lists them in their order.
// Start with index.go (what comes in and goes out), then rule.go (what a rule is), then rules.go. A document's road is
// document.go, then json_edit.go.
package transform
