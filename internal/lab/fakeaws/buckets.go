package fakeaws

type bucket struct{}
