// Package transform changes what a newer version does not take as the old one had it: mappings, settings, templates,
// documents and Kibana's objects. It is pure.
package transform
