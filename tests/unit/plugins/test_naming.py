from WardenServer.plugins.common.naming import field_names


def test_names_are_fit_for_attributes():
    assert field_names(["data/p02-2", "scan.py", "温度"]) == ["data_p02_2", "scan_py", "unnamed"]


def test_names_differ_without_regard_to_case():
    assert field_names(["a-b", "A_B", "a.b"]) == ["a_b", "A_B_2", "a_b_3"]
