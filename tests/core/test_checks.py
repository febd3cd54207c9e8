from shared_apps.core.checks import enqueued_names


def test_enqueue_calls_are_found_with_their_names():
    source = 'enqueue("a.do_it", x=1)\nbackground.enqueue("b.do_it")\nenqueue(name)\nenqueue()\nqueue("c")\n'
    assert list(enqueued_names(source)) == [(1, "a.do_it"), (2, "b.do_it"), (3, None), (4, None)]
